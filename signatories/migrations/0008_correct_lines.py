from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("signatories", "0007_keep_likely_doubles"),
    ]

    operations = [
        migrations.AddField(
            model_name="importline",
            name="corrected",
            field=models.JSONField(default=dict),
        ),
    ]
