from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("signatories", "0006_learn_names_and_keep_latin_ones"),
    ]

    operations = [
        migrations.AddField(
            model_name="importline",
            name="corrected",
            field=models.JSONField(default=dict),
        ),
    ]
