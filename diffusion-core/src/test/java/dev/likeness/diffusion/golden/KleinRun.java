package dev.likeness.diffusion.golden;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** A run of {@code tools/goldens/klein_references.py}, as its JSON file tells it. */
public record KleinRun(Map<?, ?> run) {
  /** Returns run {@code number} of a JSON resource. */
  public static KleinRun of(String resource, int number) {
    return new KleinRun(
        (Map<?, ?>) ((List<?>) GoldenResource.json(resource).get("runs")).get(number));
  }

  /** Returns the run's request. */
  public ImageRequest request() {
    List<?> sizes = (List<?>) run.get("images");
    RgbImage[] references = IntStream.range(0, sizes.size())
        .mapToObj(i -> image((List<?>) sizes.get(i), i))
        .toArray(RgbImage[]::new);
    List<?> size = (List<?>) run.get("size");
    ImageRequest request = ImageRequest.of((String) run.get("prompt"))
        .steps(number(run, "steps").intValue())
        .guidance(number(run, "guidance").doubleValue())
        .size(side(size, 0), side(size, 1))
        .seed(number(run, "seed").longValue())
        .images(references);
    return run.get("masked") instanceof List<?> masked
        ? request.initialImage(InitialImage.of(image(masked, 4))
            .mask(mask(side(masked, 0), side(masked, 1)))
            .strength(number(run, "strength").doubleValue()))
        : request;
  }

  /** Writes the run's base below {@code folder}. */
  public Path base(Path folder) throws IOException {
    Path base = PipelineFolder.write((String) run.get("folder"), folder).path();
    if (run.get("kept").equals(true)) {
      keepReferences(base);
    }
    return base;
  }

  static void keepReferences(Path base) throws IOException {
    Path index = base.resolve("model_index.json");
    Files.writeString(
        index, Files.readString(index).replace("Flux2KleinPipeline", "Flux2KleinKVPipeline"));
  }

  private static Number number(Map<?, ?> run, String name) {
    return (Number) run.get(name);
  }

  private static int side(List<?> size, int axis) {
    return ((Number) size.get(axis)).intValue();
  }

  /** The image {@code which} of the script. */
  static RgbImage image(List<?> size, int which) {
    int width = side(size, 0);
    int height = side(size, 1);
    byte[] rgb = new byte[3 * width * height];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        boolean dark = y >= height / 3 && y < height / 2 && x >= width / 3 && x < width / 2;
        int at = 3 * (y * width + x);
        rgb[at] = (byte) (dark ? 20 + 50 * which : x * 255 / (width - 1));
        rgb[at + 1] = (byte) (dark ? 20 + 50 * which : y * 255 / (height - 1));
        rgb[at + 2] = (byte) (dark ? 20 + 50 * which : (x * 7 + y * 13 + which * 61) % 256);
      }
    }
    return RgbImage.of(width, height, rgb);
  }

  private static RgbImage mask(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < width * height; i++) {
      int y = i / width;
      boolean white = i % width >= width / 2 && y >= height / 4 && y < height / 4 * 3;
      rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = (byte) (white ? 255 : 0);
    }
    return RgbImage.of(width, height, rgb);
  }
}
