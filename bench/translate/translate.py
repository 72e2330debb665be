"""What drawbridge transfer does from file to file, with ijson: translate.py MAPPING IN OUT. Sums are held in memory, as decimals."""
import decimal
import json
import sys

import ijson

mapping, came, goes = sys.argv[1:]
goals, sums = {}, {}
with open(mapping) as file:
    for rule in json.load(file)["rules"]:
        for term in rule["terms"]:
            key = (term["data_element"], term["category_option_combo"])
            goals.setdefault(key, []).append((rule["target"]["data_element"], rule["target"]["category_option_combo"], term["sign"] == "-"))
with open(came, "rb") as file:
    for value in ijson.items(file, "dataValues.item"):
        number = decimal.Decimal(value["value"])
        for element, combo, minus in goals.get((value["dataElement"], value["categoryOptionCombo"]), ()):
            cell = (element, value["period"], value["orgUnit"], combo, value["attributeOptionCombo"])
            sums[cell] = sums.get(cell, 0) + (-number if minus else number)
with open(goes, "w") as file:
    file.write('{"dataValues":[')
    for n, (cell, total) in enumerate(sums.items()):
        file.write((",\n" if n else "") + json.dumps(dict(zip(("dataElement", "period", "orgUnit", "categoryOptionCombo", "attributeOptionCombo"), cell), value=str(total))))
    file.write("]}\n")
