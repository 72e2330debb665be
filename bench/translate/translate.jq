# What drawbridge transfer does from file to file: jq --slurpfile mapping MAPPING -f translate.jq IN. All of it is held in memory, and sums are doubles.
(reduce ($mapping[0].rules[] | . as $rule | .terms[] | [$rule.target, .]) as [$target, $term] ({};
  .["\($term.data_element) \($term.category_option_combo)"] += [["\($target.data_element) \($target.category_option_combo)", (if $term.sign == "-" then -1 else 1 end)]])) as $goals
| reduce (.dataValues[] | . as $v | ($goals["\(.dataElement) \(.categoryOptionCombo)"] // [])[]
    | ["\($v.period) \($v.orgUnit) \(.[0]) \($v.attributeOptionCombo)", .[1] * ($v.value | tonumber)]) as [$cell, $number] ({}; setpath([$cell]; getpath([$cell]) + $number))
| {dataValues: [to_entries[] | (.key / " ") as [$period, $unit, $element, $combo, $attribute]
    | {dataElement: $element, period: $period, orgUnit: $unit, categoryOptionCombo: $combo, attributeOptionCombo: $attribute, value: (.value | tostring)}]}
