package dev.likeness.cli.doctor;

import dev.likeness.cli.inspect.CheckpointInspection;
import dev.likeness.cli.inspect.Inspector;
import dev.likeness.portrait.PortraitModel;
import java.util.Locale;

/** Whether the embedded base model is on the class path and whole. */
final class EmbeddedModelCheck {
  private EmbeddedModelCheck() {}

  static Finding finding() {
    try {
      CheckpointInspection model = Inspector.inspect(PortraitModel.files());
      return model.problems().isEmpty()
          ? Finding.ok(
              "portrait",
              String.format(Locale.ROOT, "the embedded model, %,d parameters", model.parameters()))
          : Finding.missing("portrait", model.problems().get(0));
    } catch (RuntimeException e) {
      return Finding.missing(
          "portrait",
          e.getMessage() + "; add dev.likeness:likeness-portrait-model, or give --base");
    }
  }
}
