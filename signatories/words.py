"""What words of names say: which say little, what they mean across languages, and which stand for a part of a body."""

from __future__ import annotations

from coalition.text import fold

#: Words that join others; they never tell two organisations apart.
JOINING = frozenset(
    fold(
        "a an and at by de do da dos das del della delle degli dei di du des d l e y et en em no na nos nas o os as "
        "the of for in on to with from against la le les los las el il lo gli al ao aos para por pela pelo pelos "
        "pelas per pour sur sobre con com contra und der die dem den für fuer von vom zu zur zum im am van voor het "
        "een og på av och и в во на по с о за для от при і у та з w z i dla we te för au aux um uma un una uno une "
        "の と を "
        "に は が で へ 及 和 与 與 و في من على عن ve için ja"
    ).split()
)

#: Words of one meaning, a line each, the first for all of them. Kinds of bodies: they tell little.
_BODIES = """
association associations associacao associacoes asociacion asociaciones associazione vereniging verein verband assoc
association assn stowarzyszenie ассоциация جمعية 協会 協會 协会 협회 dernegi
foundation fundacao fundacion fondation fondazione stiftung stichting fundatia fundacja stiftelse фонд مؤسسة 基金会
foundation 基金會 基金 財団 재단 vakfi
organisation organization organizations organisations organizacao organizacion organisationen organizzazione
organisation organizacja организация منظمة 組織 组织 団体 團體 団體 단체
federation federacao federacion federazione foderation federatie федерация اتحاد 連合会 联合会 聯合會 연합회
confederation confederacao confederacion confederazione конфедерация
union uniao unione unie союз 聯盟 联盟 連盟 同盟 연맹 동맹
coalition coalizao coalicion coalizione koalition коалиция ائتلاف تحالف
alliance alianca alianza alleanza allianz
network networks rede red reseau rete netzwerk netz netwerk сеть شبكة ネットワーク 网络 網絡 네트워크
forum forums foro forums fórum форум منتدى フォーラム 論壇 论坛 포럼
council conselho consejo conseil consiglio rat raad совет مجلس 協議会 協議會 评议会 협의회
committee comite comissao comision commission comitato commissione komitee comissoes комитет لجنة 委員会 委員會 委员会
committee 위원회
centre center centro zentrum centrum центр مركز センター 中心 센터
institute instituto institut istituto institution институт معهد 研究所 연구소
society sociedade sociedad societe societa gesellschaft genootschap общество 会 會
group groups grupo grupos groupe groupes gruppe gruppo grupa группа مجموعة グループ 小組 小组 그룹 모임
movement movimento movimiento mouvement bewegung beweging движение حركة 運動 运动 운동
campaign campanha campana campagne kampagne кампания حملة キャンペーン
initiative iniciativa iniziativa инициатива مبادرة
collective coletivo colectivo collectif kollektiv collettivo 連帯 連帶 연대
project projeto proyecto projet progetto projekt проект مشروع
club clube circolo клуб クラブ
ngo ong ongs npo npos ngos oscip sociale
trust
fund
company
civil
"""
#: Words of what they work for: they tell more, and their translations may be another body's own name.
_CAUSES = """
human humanos humains humanitarian humanistico menschen humani humana humanas humain humaines humaine insan
rights right direitos derechos droits droit diritti rechte rechten menschenrechte direito derecho
women woman mulheres mujeres femmes donne frauen vrouwen femme mulher mujer
children child criancas crianca ninos ninas enfants enfant bambini kinder infancia enfance
environment environmental ambiente ambiental ambientais environnement umwelt milieu medioambiente
peace paz paix pace frieden vrede
justice justica justicia giustizia gerechtigkeit
workers worker trabalhadores trabajadores travailleurs lavoratori arbeiter travailleuses trabalhadoras
democracy democracia democratie democrazia demokratie
development desenvolvimento desarrollo developpement sviluppo entwicklung
education educacao educacion educazione bildung
health saude salud sante salute gesundheit
freedom liberty liberdade libertad liberte liberta freiheit liberdades libertades libertes freedoms liberties
solidarity solidariedade solidaridad solidarite solidarieta solidaritat
peoples people povos pueblos peuples popoli volker
indigenous indigenas indigena autochtones indigeni indigene
defence defense defesa defensa difesa
protection protecao proteccion protezione schutz
water agua eau acqua wasser
earth terra tierra terre erde
friends amigos amis amici freunde
culture cultura kultur
law derecho loi recht legge
against contre contra gegen contro
press imprensa prensa presse stampa
journalists periodistas journalistes jornalistas giornalisti journalisten
forest forests floresta florestas bosques forets foreste walder
rural rurais rurales
peasants campesinos campesinas camponeses camponesas paysans contadini
free libre livre libero freie freies
"""
#: Words for how far a body reaches: a national body is not its union, nor its local group.
_REACHES = """
international internacional internationale internazionale internacionais 国際 國際 国际 국제 международный
international международная международное دولية uluslararasi
national nacional nationale nazionale nacionais 全国 全國 전국 национальный национальная وطنية ulusal
regional regionale regionais regionales региональный региональная إقليمية
global globale
world mundial mondiale mondial weltweit monde mundo welt worldwide 世界
local locale locales locais
municipal municipale municipales
state estadual estado estatal
provincial provinciale
diocesan diocesana diocesano
district distrital
county condado
city cidade ciudad ville stadt
federal federale
european europeia europea europeenne europaische europeo europeen europeu europe
african africana africano africaine africain
asian asiatica asiatico asiatique
latinoamericano latinoamericana latinoamericanos latinoamericanas
latin latino latina
american americana americano americanos americain
interregional межрегиональный межрегиональная межрегиональное
north northern norte nord
south southern sul sur sud
east eastern este leste est
west western oeste ouest
central centrale
"""
#: Words for a part of a body.
_PARTS = """
section seccion secao seção sektion sezione afdeling секция 支部 분회
chapter capitulo chapitre kapitel capitolo
branch filial filiale ramo отделение филиал فرع 分会 分會 支部 지부
youth juventude jovem jovens juventud jovenes jeunes jeunesse jugend giovani молодежь молодежная молодёжь شباب 青年
youth 青年部 청년 청소년 students estudantes estudiantes etudiants studenten studenti
wing ala department departamento departement secretariat secretaria nucleo nucleus celula chapter
office escritorio oficina bureau buro representation
"""


_PLAIN_ARABIC = str.maketrans("أإآةى", "اااهي")


def plain_arabic(word: str) -> str:
    """An Arabic word without its article, in letters that are not told apart in haste; any other word as it is."""
    if not "\u0621" <= word[0] <= "\u064a":
        return word
    word = word.translate(_PLAIN_ARABIC)
    return word[2:] if word.startswith("ال") and len(word) > 4 else word


def _meanings(table: str) -> dict[str, str]:
    meanings: dict[str, str] = {}
    for line in table.strip().splitlines():
        first, *others = map(plain_arabic, fold(line).split())
        for word in (first, *others):
            meanings.setdefault(word, first)
    return meanings


BODIES, CAUSES, REACHES, PARTS = map(_meanings, (_BODIES, _CAUSES, _REACHES, _PARTS))
#: Bodies that others belong to: with such a word more, a name is rather that of the whole than of one of them.
GATHERING = frozenset(
    {"federation", "confederation", "union", "coalition", "alliance", "network", "forum", "council", "committee"}
    | {"movement", "campaign", "collective", "initiative"}
)
#: Letters of Chinese and Japanese that are one letter printed in three ways.
_ONE_LETTER = (
    "會会 權权権 國国 際际 組组 聯联 關关関 學学 體体 團团団 灣湾 東东 亞亚亜 環环 動动 運运 協协 網网 絡络 評评 "
    "論论 議议 進进 連连 勞劳労 報报 業业 選选 舉举挙 產产産 發发発 經经経 濟济済 實实実 觀观観 聲声 醫医 護护 "
    "愛爱 藝艺芸 歷历歴 親亲 師师 備备 華华 黨党 為为 義义 傳传伝 萬万 員员 與与 雙双 廣广広 轉转転 邊边辺 區区 "
    "號号 戰战戦 殘残 變变変 過过 還还 農农 鄉乡郷 處处処 總总 達达 衛卫 視视 電电 書书 門门 間间 陽阳 馬马 "
    "龍龙竜 島岛 圖图図 應应応 對对対 單单単 嚴严 異异 據据 擁拥 擔担 從从 戶户 極极 樂乐楽 歐欧 氣气 沒没 潔洁 "
    "澤泽沢 營营 獨独 現现 當当 療疗 監监 眾众 禮礼 種种 稅税 穩稳 籌筹 約约 級级 紀纪 紅红 統统 維维 綠绿緑 "
    "縣县県 習习 職职 術术 裝装 見见 規规 設设 訪访 診诊 話话 認认 語语 調调 請请 證证 識识 譯译 讀读 貧贫 責责 "
    "資资 質质 贊赞 趙赵 車车 輔辅 遠远 適适 鄭郑 鐵铁鉄 錄录 長长 關关 陳陈 隊队 難难 離离 雜杂 靈灵 靜静 項项 "
    "領领 題题 願愿 類类 顧顾 風风 飛飞 館馆 駐驻 驗验験 齊齐"
)
PLAIN_HAN = {ord(other): ones[0] for ones in _ONE_LETTER.split() for other in ones[1:]}
