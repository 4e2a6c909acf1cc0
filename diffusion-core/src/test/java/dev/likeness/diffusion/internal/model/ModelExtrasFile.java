package dev.likeness.diffusion.internal.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Declares a test's base model as one that was not trained on photographs and is learned in large
 * steps.
 */
public final class ModelExtrasFile {
  /** The family that styles call such a base by. */
  public static final String FAMILY = "drawn";

  private static final String JSON = """
      {
        "photographs": false,
        "rare_token": false,
        "style_family": "drawn",
        "upscaling": {"strength": 0.05, "scheduler": "ddim", "requested_steps": false, "keep_colours": true},
        "training": {"rank": 16, "layers": "convolutions", "text_encoder": true, "batch": 4, "learning_rate": 0.003,
          "dreambooth_learning_rate": 0.0003}
      }
      """;

  private ModelExtrasFile() {}

  /** Writes the file into the model folder {@code base}, and returns that. */
  public static Path write(Path base) {
    try {
      Files.writeString(base.resolve(ModelExtras.FILE), JSON);
      return base;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
