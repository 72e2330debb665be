#include "align/lexicon_terms.h"

const struct lexicon_term lexicon_facet_terms[] = {
    /* sex */
    {"female", "sex=female", "female|feminin|feminine|femme|feminino|feminina|femenino|femenina|mulher|mulhere|mujer|mujere|^f|fem"},
    {"female woman", "sex=female hint=15+", "woman|women"},
    {"female girl", "sex=female", "girl|fille|menina|nina|rapariga"},
    {"male", "sex=male", "male|masculin|masculine|masculino|masculina|homme|homem|homen|hombre|^m|masc|varon|varone"},
    {"male man", "sex=male hint=15+", "man|men|male partner|partenaire masculin|parceiro masculino|pareja masculina"},
    {"male boy", "sex=male", "boy|garcon|menino|nino varon|rapaz|rapaze"},
    {"sex", "sex=unknown weight=0.3",
     "unknown sex|sex unknown|sexe inconnu|sexo desconhecido|sexo desconocido|sex not known|sexe non precise|sexo ignorado|sex "
     "unspecified|other sex|intersex"},
    {"sex", "weight=0.3", "sex|sexe|sexo|gender|genre|genero"},
    /* age: intervals are read by age.c; these are words */
    {"age", "age=unknown weight=0.3",
     "unknown age|age unknown|age inconnu|idade desconhecida|edad desconocida|age not known|age non precise|idade ignorada|age not "
     "stated|unknown age"},
    {"age", "weight=0.3",
     "age|aged|idade|edad|age group|age band|age range|tranche d age|groupe d age|faixa etaria|grupo etario|grupo de edad|rango de "
     "edad"},
    {"aggregated", "weight=0.1", "aggregated|agg|agrege|agregee|agregado|agregada"},
    {"adult", "hint=15+", "adult|adulte|adulto|adulta"},
    {"child", "hint=0-15",
     "child|children|enfant|crianca|nino|nina|pediatric|paediatric|pediatrique|pediatrico|paed|peds|infantil|infantile"},
    {"child", "", "kid"},
    {"infant", "hint=0-1", "infant|nourrisson|lactente|lactante|baby|babie|bebe"},
    {"newborn", "hint=0-28d",
     "newborn|new born|neonate|neonatal|nouveau ne|recem nascido|recien nacido|neonato|neonataux|neonatais|neonatale|rn"},
    {"adolescent", "hint=10-20", "adolescent|adolescente|teenager|youth|jeune|jovem|joven"},
    {"elderly", "hint=60+", "elderly|older person|personne agee|idoso|anciano|adulto mayor|adultos mayores"},
    {"under five", "hint=0-5",
     "under five|under 5|underfive|moins de cinq ans|moins de 5 ans|menores de cinco anos|menor de 5 anos|menores de 5 anos|u5"},
    /* result of a test */
    {"positive", "result=positive",
     "positive|positif|positive|positivo|positiva|pos|seropositif|seropositive|seropositivo|seropositiva|reactive|reactif|reactivo|"
     "reagente|sero positive|sero positif|ve+"},
    {"negative", "result=negative",
     "negative|negatif|negativo|negativa|neg|seronegatif|seronegative|seronegativo|seronegativa|non reactive|non reactif|no reactivo|nao "
     "reagente|sero negative|non reagente"},
    {"result unknown", "result=unknown",
     "result unknown|unknown result|unknown status|status unknown|resultat inconnu|statut inconnu|resultado desconhecido|estado "
     "desconhecido|resultado desconocido|estado desconocido|indeterminate|indetermine|"
     "indeterminado|inconclusive|inconclusivo|invalid result|unknown hiv status|hiv status unknown"},
    {"test", "tested=1",
     "tested|test|testing|teste|testee|testada|testado|depiste|depistee|depistage|rastreado|rastreada|rastreio|tamizado|tamizaje|tamizada|"
     "probado|probada|prueba|despistagem|testagem|analise|examined|"
     "counselled and tested|conseille et teste|conseillee et testee|conseille et depiste|aconselhado e testado|testing services"},
    {"result", "weight=0.4", "result|resultat|resultado|outcome of test"},
    {"receive result", "tested=1",
     "retire le resultat|retire leurs resultats|retire leur resultat|retire les resultats|receberam resultado|recibieron "
     "resultado|received result|received test result|received their result|ayant recu le resultat|recu le resultat|recu leur "
     "resultat|recebeu "
     "resultado|recibio resultado|receiving test result|received results"},
    /* new, known */
    {"new", "known=new",
     "new|newly|nouveau|nouvelle|nouveaux|nouvellement|novo|nova|novos|novas|nuevo|nueva|newly identified|newly diagnosed|newly "
     "enrolled|nouvellement inclus|nouvellement enrole|recem diagnosticado|"
     "first contact|premier contact|primeiro contacto"},
    {"start", "known=new",
     "mise sous|mises sous|iniciaram|comecaram|comenzo|comenzaron|inclusion|nouvelle inclusion|novo inicio|novos inicios|nuevo "
     "inicio|started|start|initiated|initiate|initiating|initiation|starting|starter|commenced|enrolled|enrolment|enrollment|began|inicie|"
     "initie|"
     "initiee|commence|debut|debute|ayant commence|mis sous|iniciou|iniciado|"
     "iniciada|inicio|comecou|iniciaron|iniciando|inicia|iniciar|enrole|enrolee|inscrit|inscrito|inscrita|newly started|newly "
     "initiated|nouvellement initie|nouvellement mis sous|newly enrolled"},
    {"known", "known=known",
     "known|already|know|knew|connus|connues|known status|known at entry|previously known|previously "
     "diagnosed|deja|connu|connue|connaissant|se "
     "connaissant|connaissant deja|conhecido|conhecida|conocido|conocida|ja|ya|existing|existente|"
     "existant|old|ancien|ancienne|anciens|antigo|antiguo|previously|prior|auparavant|anteriormente|before|subsequent|subsecuente|"
     "subsequente|seguinte|pre existing"},
    {"current", "",
     "current|currently|active|actif|active file|file active|actuellement|en "
     "cours|atual|atualmente|ativo|actual|actualmente|activo|curr|ongoing|under treatment|en tratamiento|em "
     "tratamento|"
     "on treatment|beneficiant|retained|retenu"},
    {"relapse", "known=relapse", "relapse|relapsed|relapsing|rechute|recaida|recaidas|recorrente|recidiva|recidive"},
    {"retest", "known=again",
     "inferieur a 3 mois|within the last 3 months|in the last 3 months|within 3 months|nos ultimos 3 meses|en los ultimos 3 "
     "meses|retest|re test|retested|retesting|recent|repeat test|recently|recente|reciente"},
    {"again", "", "retreatment|re treatment|retraitement|retratamento|retratamiento|repeat|restart|restarted|return to treatment|reprise"},
    {"previous treatment", "", "previously treated|deja traite|previamente tratado|tratado anteriormente|treatment after"},
    /* pregnancy */
    {"maternal pregnant", "pregnancy=pregnant sexhint=female hint=15+",
     "pregnant|pregnant woman|pregnant women|femme enceinte|enceinte|gravida|mulher gravida|mulheres gravidas|embarazada|mujer "
     "embarazada|mujeres embarazadas|gestante|pregnancy|grossesse|"
     "gravidez|embarazo|gestation|gestacao|gestacion|gravidique|pw"},
    {"not pregnant", "pregnancy=none sex=female",
     "non pregnant|not pregnant|non enceinte|nao gravida|no embarazada|female non pregnant|femme non enceinte"},
    {"maternal breastfeeding", "pregnancy=breastfeeding sexhint=female hint=15+",
     "breastfeeding|breast feeding|lactating|allaitante|femme allaitante|mere allaitante|allaitement|lactante|mulher "
     "lactante|amamentacao|aleitamento|lactancia|nursing mother|mulher lactante|mulhere lactante|mujer lactante|madre lactante|"
     "a amamentar|breastfeeding mother|breastfeeding woman|breastfeeding women"},
    {"maternal postpartum", "pregnancy=postpartum sexhint=female hint=15+",
     "postpartum|post partum|postnatal|post natal|puerperal|puerpera|postnatale|post natale|pos parto|posparto|posnatal|pos "
     "natal|pnc|cpon|suites de couches|puerperio|postnatal care|"
     "consultation postnatale|consulta pos parto|postparto"},
    {"maternal mother", "sexhint=female hint=15+",
     "mother|mere|mae|madre|maternal|maternel|maternelle|materno|materna|maternos|maternas|meres|mom"},
    {"maternal delivery", "sexhint=female hint=15+",
     "delivery|deliverie|delivered|delivering|accouchement|accouche|accouchee|childbirth|parto|nascimento "
     "assistido|labor|labour|travail|trabalho de "
     "parto|intrapartum|intraparto|maternity|maternite|maternidade|"
     "maternidad|birth attendance|l d"},
    {"maternal anc", "pregnancy=pregnant sexhint=female hint=15+",
     "anc|cpn|antenatal|ante natal|prenatal|pre natal|prenatale|prenataux|antenatal care|prenatal care|soins prenatal|consultation "
     "prenatale|clinique prenatale|consulta prenatal|consulta pre natal|control prenatal|"
     "cuidados prenatais|atencion prenatal|pre natais|prenatais|antenatal client|antenatal visit|consulta antenatal|antenatale|pre natal "
     "care"},
    {"maternal pmtct hiv pregnant", "pregnancy=pregnant sexhint=female hint=15+",
     "pmtct|ptme|emtct|ptv|ptmi|eptme|pmtct anc|prevention of mother to child transmission|mother to child transmission|transmission mere "
     "enfant|transmission de la mere a l enfant|"
     "transmissao vertical|transmision maternoinfantil|transmissao de mae para filho|vertical transmission"},
    /* populations */
    {"msm", "population=msm sex=male",
     "msm|hsh|men who have sex with men|hommes ayant des rapports sexuels avec des hommes|homens que fazem sexo com homens|hombres que "
     "tienen sexo con hombres"},
    {"sex worker", "population=fsw",
     "fsw|sex worker|female sex worker|ts|tse|mts|travailleuse du sexe|professionnelle du sexe|trabalhadora do sexo|trabalhadoras de "
     "sexo|trabajadora sexual|trabajadoras sexuales|csw|professional do sexo"},
    {"pwid", "population=pwid",
     "pwid|idu|people who inject drugs|person who injects drugs|consommateurs de drogues injectables|cdi|udi|pessoas que injetam "
     "drogas|personas que se inyectan drogas|injecting drug user|ud"},
    {"transgender", "population=tg", "tg|transgender|transgenre|transgenero|trans people|transgender people|trans"},
    {"prisoner", "population=prison",
     "prisoner|people in prison|inmate|detenu|prisonnier|prisonniere|recluso|reclusa|prisioneiro|persona privada de libertad|privados de "
     "libertad|detainee|prison"},
    {"key population", "",
     "key population|keypop|key pop|populations cles|population cle|populacao chave|populacoes chave|poblacion clave|poblaciones clave|kp"},
    /* place, patient, sector */
    {"fixed", "place=fixed",
     "fixed|fixe|fixo|fixa|fijo|fija|static|strategie fixe|posto fixo|puesto fijo|fixed site|fixed post|at facility"},
    {"outreach", "place=outreach",
     "outreach|avancee|strategie avancee|brigada movel|brigadas moveis|brigada movil|extramural|avance|avancado"},
    {"mobile", "place=mobile", "mobile|movel|movil|strategie mobile|itinerant|itinerante"},
    {"community", "place=community",
     "community|communaute|communautaire|comunidade|comunitario|comunitaria|comunidad|comm|community based|a base communautaire"},
    {"facility", "",
     "facility|facilitie|health facility|health facilitie|formation sanitaire|etablissement|etablissement de sante|structure "
     "sanitaire|fosa|unidade sanitaria|estabelecimento|estabelecimento de saude|centro|centro de saude|establecimiento|"
     "establecimiento de salud|centre de sante|health centre|health center|centro de "
     "salud|fac|unidade|instituicao|clinica|hospital|hopital|clinique|clinic|us"},
    {"inpatient admission", "patient=in",
     "inpatient|in "
     "patient|ipd|hospitalise|hospitalisee|hospitalisation|hospitalization|hospitalised|hospitalized|admitted|admission|admis|internado|"
     "internada|internamento|internacao|hospitalizado|"
     "hospitalizada|hospitalizacion|admissao|admision|ingreso|inpat|internamiento|hospitalizacao"},
    {"outpatient", "patient=out",
     "outpatient|out patient|opd|ambulatoire|consultation externe|consultations externes|ambulatorio|ambulatoria|consulta "
     "externa|externe|outpat|ambulatory"},
    {"public", "sector=public", "public|publique|publico|publica|government|gouvernemental|gouvernement|governo|gobierno|state owned"},
    {"private", "sector=private", "private|prive|privee|privado|privada|for profit|a but lucratif"},
    {"faith", "sector=faith", "faith based|confessionnel|confessionnelle|confessional|confesional|mission|fbo"},
    {"ngo", "sector=ngo", "ngo|ong|non governmental organization|non profit"},
    /* stock */
    {"stock open", "stock=opening",
     "opening balance|opening stock|starting balance|beginning balance|initial balance|stock initial|stock de debut|stock debut|stock "
     "inicial|saldo inicial|balance inicial|solde initial|stock en debut de mois|opening|"
     "beginning stock|stock at beginning|balance at beginning|balance at beginning of month|stock at beginning of month|beginning of month "
     "balance|balance brought forward|stock au debut|stock en debut de periode|saldo no inicio|saldo anterior|existencia al inicio|stock d "
     "ouverture|saldo de abertura|existencia inicial"},
    {"stock end", "stock=closing",
     "closing balance|ending balance|closing stock|end balance|ending stock|stock on hand|stock final|stock en fin de mois|saldo "
     "final|solde final|balance final|stock de fin|stock fin|soh|stock disponible|stock disponivel|"
     "stock existant|stock a la fin|stock at end|stock at end of month|balance at end|balance at end of month|stock on hand at end of "
     "month|balance carried forward|saldo no fim|stock en "
     "fin de periode|existencia al final|existencia final|closing|stock de cloture|stock utilisable|estoque final|stock en "
     "main|estoque disponivel"},
    {"stock received", "stock=received",
     "received stock|quantity received|quantite recue|quantidade recebida|cantidad recibida|stock received|stock recu|"
     "stock recue|stock recebido|stock recebida|estoque recebido|existencia recibida|recibido en existencia|recu en stock|"
     "entrada de stock|entree en stock|entree de stock|entrada de almacen"},
    {"stock received", "stock=received", "mg received|ml received|mg recibido|mg recebido|mg recu|ml recibido|ml recebido|ml recu"},
    {"stock issued", "stock=issued",
     "issued|quantity issued|quantite sortie|quantite distribuee|quantidade distribuida|cantidad distribuida|stock "
     "issued|dispensed|dispense|dispensee|dispensado|dispensada|sortie de stock|saida de stock|salida de almacen|salida de "
     "existencia|consumed|consomme|consommee|"
     "consommation|consumido|consumo|consumption|utilise|utilisee|used|quantity used"},
    {"stock lost", "stock=lost",
     "lost|loss|losse|perdu|perdue|perte|perda|perdido|perdida|missing|manquant|manquante|em falta|faltante|extraviado"},
    {"stock waste", "stock=waste",
     "wastage|wasted|waste|gaspillage|gaspille|desperdicio|desperdicado|discarded|jete|jetee|rejete|descartado|descartada|desechado|rebut|"
     "elimine|mis au rebut|inutilizado"},
    {"stock expired", "stock=expired",
     "expired|expirie|expiry|perime|perimee|expire|expiree|expirado|expirada|vencido|vencida|caducado|caducada|fora de prazo|peremption"},
    {"stock broken", "stock=broken",
     "broken|breakage|casse|cassee|quebrado|quebrada|partido|roto|rota|damaged|endommage|endommagee|danificado|danificada|danado|avarie"},
    {"stock frozen", "stock=frozen", "frozen|congele|congelee|congelado|congelada|gele|gelee"},
    {"stock returned", "stock=returned",
     "returned "
     "stock|retourne|retournee|devolvido|devolvida|devuelto|devuelta|redistributed|redistribue|redistribuee|redistribuido|redistribuida|"
     "stock transferred|stock transfere|stock transferido|transfert de stock|transferencia de stock"},
    {"stock ordered", "stock=ordered",
     "ordered|quantity ordered|commande|commandee|encomendado|pedido|solicitado|quantite commandee|requested quantity"},
    {"stock adjusted", "stock=adjusted", "adjustment|adjusted|ajustement|ajuste|ajustee|ajustado"},
    {"stockout day", "stock=outdays",
     "stockout day|stock out day|days out of stock|jours de rupture|jour de rupture|jours de rupture de stock|dias de rotura|dias de "
     "ruptura|dias de ruptura de stock|dias de desabastecimiento|dias sin existencias|"
     "days of stock out|days stocked out|dias de rotura de stock|nombre de jours de rupture"},
    {"stockout", "stock=out",
     "stockout|stock out|rupture de stock|rupture|rotura de stock|ruptura de stock|ruptura de estoque|desabastecimiento|out of stock|sin "
     "existencias|rotura"},
    /* roles */
    {"numerator", "role=numerator", "numerator|numerateur|numerador"},
    {"denominator", "role=denominator", "denominator|denominateur|denominador"},
    {"target", "purpose=target", "target|planned|cible|cible annuelle|planifie|meta|planeado|planificado|objectif|objetivo"},
    {"alive", "life=alive", "alive|live|vivant|vivante|vivo|viva"},
    {"death", "life=dead outcome=died",
     "death|died|dead|dece|deces|decede|decedee|obito|morte|morto|morta|muerte|muerto|muerta|fallecido|fallecida|falecido|falecida|"
     "defuncion|defuncione|mortality|mortalite|mortalidade|mortalidad|mort|morts|mortal|fatal|mortos|"
     "defunciones|mortes|obitos|muertes"},
    {"live birth", "life=alive",
     "live birth|birth live|naissance vivante|nado vivo|nascido vivo|nascidos vivos|nacido vivo|nacidos vivos|ne vivant|nes "
     "vivants|naissances "
     "vivantes|nv"},
    {"stillbirth", "life=dead",
     "stillbirth|still birth|birth still|stillborn|mort ne|mort nes|morts nes|natimorto|nado "
     "morto|mortinato|mortinatalite|mortinaissance|obito fetal|muerte fetal|nascido morto"},
};
const size_t lexicon_facet_term_count = sizeof lexicon_facet_terms / sizeof *lexicon_facet_terms;
