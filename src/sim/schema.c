#include "sim/schema.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"

/* Properties are written as words: "name" a text, number or truth value; then, in any order,
 *   !          an import must have it            >class     a reference          >>class    a list of references
 *   <property  the other end of that property    @          a date               %          a decimal number
 *   =json      what is shown where nothing is stored; a list or object that is no reference has it as [] or {}
 * `own` is what fields=:owner shows, `more` what is worked out or belongs to others. */
/* clang-format off */
static const struct {
  const char *plural, *singular, *package, *authority, *flags, *own, *more;
} table[] = {
    /* flags: s sharing, d data sharing, c code, n short name, u unique name */
    {"dataElements", "dataElement", "dataelement", "F_DATAELEMENT", "scnu",
     "shortName! description formName url aggregationType! valueType! domainType! zeroIsSignificant=false categoryCombo>categoryCombos optionSet>optionSets commentOptionSet>optionSets fieldMask style "
     "aggregationLevels=[] legendSets>>legendSets=[]",
     "dataSetElements=[] dataElementGroups>>dataElementGroups<dataElements optionSetValue dimensionItem dimensionItemType displayShortName displayDescription displayFormName"},
    {"dataSets", "dataSet", "dataset", "F_DATASET", "sdcn",
     "shortName! description formName periodType! dataInputPeriods=[] dataSetElements=[] indicators>>indicators=[] compulsoryDataElementOperands=[] categoryCombo>categoryCombos mobile=false version=0 "
     "expiryDays%=0 timelyDays%=0 notifyCompletingUser=false openFuturePeriods=0 openPeriodsAfterCoEndDate=0 fieldCombinationRequired=false validCompleteOnly=false noValueRequiresComment=false "
     "skipOffline=false dataElementDecoration=false renderAsTabs=false renderHorizontally=false compulsoryFieldsCompleteOnly=false formType=\"DEFAULT\" organisationUnits>>organisationUnits=[] "
     "workflow>dataApprovalWorkflows legendSets>>legendSets=[] interpretations=[]",
     "sections>>sections<dataSet dimensionItem dimensionItemType displayShortName displayDescription displayFormName"},
    {"sections", "section", "dataset", "F_SECTION", "su",
     "description dataSet>dataSets! dataElements>>dataElements=[] indicators>>indicators=[] greyedFields=[] sortOrder=0 showRowTotals=false showColumnTotals=false disableDataElementAutoGroup=false", "displayDescription"},
    {"categoryCombos", "categoryCombo", "category", "F_CATEGORY_COMBO", "scu", "dataDimensionType! skipTotal=false categories>>categories=[]",
     "categoryOptionCombos>>categoryOptionCombos<categoryCombo isDefault"},
    {"categories", "category", "category", "F_CATEGORY", "scnu", "shortName! description dataDimensionType! dataDimension=false categoryOptions>>categoryOptions=[]",
     "categoryCombos>>categoryCombos<categories displayShortName displayDescription dimension dimensionType"},
    {"categoryOptions", "categoryOption", "category", "F_CATEGORY_OPTION", "sdcnu", "shortName! description formName startDate@ endDate@ organisationUnits>>organisationUnits=[] style",
     "categories>>categories<categoryOptions categoryOptionCombos>>categoryOptionCombos<categoryOptions isDefault displayShortName displayDescription displayFormName dimensionItem dimensionItemType"},
    {"categoryOptionCombos", "categoryOptionCombo", "category", NULL, "c", "categoryCombo>categoryCombos! categoryOptions>>categoryOptions=[] ignoreApproval=false", "dimensionItem dimensionItemType"},
    {"organisationUnits", "organisationUnit", "organisationunit", "F_ORGANISATIONUNIT", "cn",
     "shortName! description openingDate@! closedDate@ comment url contactPerson address email phoneNumber parent>organisationUnits geometry path leaf",
     "level children>>organisationUnits<parent ancestors>>organisationUnits dataSets>>dataSets<organisationUnits organisationUnitGroups>>organisationUnitGroups<organisationUnits displayShortName dimensionItem "
     "dimensionItemType displayDescription"},
    {"organisationUnitLevels", "organisationUnitLevel", "organisationunit", "F_ORGANISATIONUNITLEVEL", "c", "level! offlineLevels", ""},
    {"organisationUnitGroups", "organisationUnitGroup", "organisationunit", "F_ORGUNITGROUP", "scnu", "shortName! organisationUnits>>organisationUnits=[] symbol color", "displayShortName"},
    {"dataElementGroups", "dataElementGroup", "dataelement", "F_DATAELEMENTGROUP", "scnu", "shortName! description dataElements>>dataElements=[]", "displayShortName"},
    {"indicators", "indicator", "indicator", "F_INDICATOR", "scnu",
     "shortName! description numerator! numeratorDescription denominator! denominatorDescription annualized=false decimals indicatorType>indicatorTypes! aggregateExportCategoryOptionCombo "
     "aggregateExportAttributeOptionCombo url legendSets>>legendSets=[]",
     "displayShortName displayDescription dataSets>>dataSets<indicators"},
    {"indicatorTypes", "indicatorType", "indicator", "F_INDICATORTYPE", "u", "factor! number=false", ""},
    {"optionSets", "optionSet", "option", "F_OPTIONSET", "scu", "description valueType! version=0 options>>options<optionSet", "displayDescription"},
    {"options", "option", "option", "F_OPTIONSET", "c", "description formName sortOrder=0 optionSet>optionSets style", "displayFormName"},
    {"attributes", "attribute", "attribute", "F_ATTRIBUTE", "scnu", "shortName description valueType! mandatory=false unique=false sortOrder dataElementAttribute=false categoryOptionComboAttribute=false organisationUnitAttribute=false dataSetAttribute=false", ""},
    {"dataApprovalLevels", "dataApprovalLevel", "dataapproval", "F_DATA_APPROVAL_LEVEL", "scu", "level orgUnitLevel!", ""},
    {"dataApprovalWorkflows", "dataApprovalWorkflow", "dataapproval", "F_DATA_APPROVAL_WORKFLOW", "scu", "periodType! categoryCombo>categoryCombos dataApprovalLevels>>dataApprovalLevels=[]", "dataSets>>dataSets<workflow"},
    {"legendSets", "legendSet", "legend", "F_LEGEND_SET", "scu", "symbolizer legends=[]", ""},
    {"users", "user", "user", "F_USER", "c",
     "username! firstName! surname! email phoneNumber externalAuth=false disabled=false accountExpiry openId ldapId selfRegistered=false invitation=false lastLogin lastCheckedInterpretations userRoles>>userRoles=[] "
     "organisationUnits>>organisationUnits=[] dataViewOrganisationUnits>>organisationUnits=[] teiSearchOrganisationUnits>>organisationUnits=[] catDimensionConstraints=[] cogsDimensionConstraints=[] twoFactorType twoFactorEnabled",
     "userGroups>>userGroups<users userCredentials=[]"},
    {"userRoles", "userRole", "user", "F_USERROLE", "scu", "description authorities=[] restrictions=[]", "users>>users<userRoles"},
    {"userGroups", "userGroup", "user", "F_USERGROUP", "scu", "users>>users=[] managedGroups>>userGroups=[]", "managedByGroups>>userGroups<managedGroups"},
};
/* clang-format on */

/* What every class has; the last five are worked out. */
static const char common_own[] =
    "id code name! created@ lastUpdated@ createdBy>users lastUpdatedBy>users translations=[] sharing attributeValues=[]";
static const char common_more[] = "displayName access href favorite favorites user>users";

struct sim_schema {
  VEC(struct sim_class) classes;
  struct map by_plural, by_singular;
};

/* Members of parts whose name is not that of a class. */
static const struct {
  const char *name, *plural;
} members[] = {{"parent", "organisationUnits"},
               {"commentOptionSet", "optionSets"},
               {"attributeOptionCombo", "categoryOptionCombos"},
               {"workflow", "dataApprovalWorkflows"}};

static void set_class(struct sim_property *p, const char *from, size_t n, bool list) {
  p->class_name = mem_printf("%.*s", (int)n, from);
  p->list = list;
  p->simple = false;
}

static struct sim_property read_property(const char *word, size_t length, bool owner) {
  size_t n = strcspn(word, " !>=<@%");
  struct sim_property p = {.name = mem_printf("%.*s", (int)n, word), .owner = owner, .simple = true};
  for (size_t i = n; i < length;) {
    char c = word[i++];
    size_t run = strcspn(word + i, " !>=<@%");
    if (c == '!')
      p.required = true;
    else if (c == '@')
      p.is_date = true;
    else if (c == '%')
      p.is_real = true;
    else if (c == '>' && run == 0 && word[i] == '>')
      set_class(&p, word + i + 1, run = strcspn(word + i + 1, " !>=<@%"), true), i++;
    else if (c == '>')
      set_class(&p, word + i, run, false);
    else if (c == '<')
      p.inverse = mem_printf("%.*s", (int)run, word + i);
    else if (c == '=')
      p.missing = json_loadb(word + i, run, JSON_DECODE_ANY, NULL);
    i += run;
  }
  if (json_is_array(p.missing) || p.inverse || strcmp(p.name, "sharing") == 0 || strcmp(p.name, "access") == 0 ||
      strcmp(p.name, "geometry") == 0)
    p.simple = false;
  return p;
}

static void read_properties(struct sim_property **list, size_t *count, const char *words, bool owner) {
  while (*words) {
    size_t n = strcspn(words, " ");
    *list = mem_resize_array(*list, *count + 1, sizeof **list);
    (*list)[(*count)++] = read_property(words, n, owner);
    words += n + (words[n] == ' ');
  }
}

static struct sim_class read_class(size_t row) {
  const char *flags = table[row].flags;
  char first = (char)(table[row].singular[0] - 'a' + 'A');
  struct sim_class class = {.plural = table[row].plural,
                            .singular = table[row].singular,
                            .authority = table[row].authority,
                            .shareable = strchr(flags, 's'),
                            .data_shareable = strchr(flags, 'd'),
                            .has_code = strchr(flags, 'c'),
                            .has_short_name = strchr(flags, 'n'),
                            .unique_name = strchr(flags, 'u')};
  class.title = mem_printf("%c%s", first, class.singular + 1);
  class.java = mem_printf("org.hisp.dhis.%s.%s", table[row].package, class.title);
  read_properties(&class.properties, &class.property_count, common_own, true);
  read_properties(&class.properties, &class.property_count, table[row].own, true);
  read_properties(&class.properties, &class.property_count, common_more, false);
  read_properties(&class.properties, &class.property_count, table[row].more, false);
  return class;
}

struct sim_schema *sim_schema_new(void) {
  struct sim_schema *schema = mem_alloc(sizeof *schema);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) VEC_PUSH(&schema->classes, read_class(i));
  for (size_t i = 0; i < schema->classes.n; i++) {
    (void)map_put(&schema->by_plural, str_of(schema->classes.p[i].plural), &schema->classes.p[i]);
    (void)map_put(&schema->by_singular, str_of(schema->classes.p[i].singular), &schema->classes.p[i]);
  }
  return schema;
}

static void free_text(const char *text) {
  free((void *)(uintptr_t)text);
}

void sim_schema_free(struct sim_schema *schema) {
  if (!schema) return;
  for (size_t i = 0; i < schema->classes.n; i++) {
    struct sim_class *class = &schema->classes.p[i];
    for (size_t k = 0; k < class->property_count; k++) {
      free_text(class->properties[k].name);
      free_text(class->properties[k].class_name);
      free_text(class->properties[k].inverse);
      json_decref(class->properties[k].missing);
    }
    free(class->properties);
    free_text(class->title);
    free_text(class->java);
  }
  VEC_FREE(&schema->classes);
  map_free(&schema->by_plural);
  map_free(&schema->by_singular);
  free(schema);
}

const struct sim_class *sim_class_of(const struct sim_schema *schema, struct str plural) {
  return map_get(&schema->by_plural, plural);
}

const struct sim_class *sim_class_of_singular(const struct sim_schema *schema, struct str singular) {
  return map_get(&schema->by_singular, singular);
}

const struct sim_class *sim_class_at(const struct sim_schema *schema, size_t index) {
  return index < schema->classes.n ? &schema->classes.p[index] : NULL;
}

const struct sim_property *sim_property_of(const struct sim_class *class, struct str name) {
  for (size_t i = 0; i < class->property_count; i++)
    if (str_eq(name, str_of(class->properties[i].name))) return &class->properties[i];
  return NULL;
}

const struct sim_class *sim_class_of_member(const struct sim_schema *schema, struct str name) {
  const struct sim_class *class = sim_class_of_singular(schema, name);
  for (size_t i = 0; !class && i < sizeof members / sizeof *members; i++)
    if (str_eq(name, str_of(members[i].name))) class = sim_class_of(schema, str_of(members[i].plural));
  return class ? class : sim_class_of(schema, name);
}
