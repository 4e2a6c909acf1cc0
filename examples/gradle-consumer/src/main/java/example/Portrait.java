package example;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.request.ImageRequest;
import java.nio.file.Path;

/** Generates one image: {@code gradle run --args="BASE portrait.png"}. */
public final class Portrait {
  private Portrait() {}

  /**
   * Runs the program.
   *
   * @param args the base model's folder or file, and the PNG file to write
   */
  public static void main(String... args) {
    try (BaseModel base = BaseModel.open(Path.of(args[0]))) {
      ImageRequest ask = ImageRequest.of("studio portrait of a woman").steps(4).seed(1);
      base.generate(ask).write(Path.of(args[1]));
    }
  }
}
