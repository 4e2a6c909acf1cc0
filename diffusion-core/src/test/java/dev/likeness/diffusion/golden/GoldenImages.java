package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.HiresFix;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.SizeOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.bytedeco.pytorch.Tensor;

/**
 * What a script of {@code tools/goldens} recorded of runs on golden folders: requests, and tensors
 * by name.
 */
public final class GoldenImages implements AutoCloseable {
  private static final JSON PYTHON_JSON = JSON.builder(JsonFactory.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build())
      .build();

  private final Safetensors tensors;

  private GoldenImages(Safetensors tensors) {
    this.tensors = tensors;
  }

  /** One request: its place in the record and what it asks, by the script's names. */
  public record Run(int index, Map<String, Object> arguments) {
    public String text(String name) {
      return (String) arguments.get(name);
    }

    double number(String name, double otherwise) {
      return arguments.get(name) == null ? otherwise : ((Number) arguments.get(name)).doubleValue();
    }

    public int integer(String name) {
      return (int) number(name, 0);
    }

    @SuppressWarnings("unchecked")
    Map<String, Object> scheduler() {
      return (Map<String, Object>) arguments.get("config");
    }

    /** A further argument of the pipeline, or 0. */
    Number extraArgument(String name) {
      return arguments.get("more") instanceof Map<?, ?> more
              && more.get(name) instanceof Number value
          ? value
          : 0;
    }

    long firstSeed() {
      return ((Number) ((List<?>) arguments.get("seeds")).get(0)).longValue();
    }

    int count() {
      return ((List<?>) arguments.get("seeds")).size();
    }

    @Override
    public String toString() {
      return index + " " + text("kind") + " " + text("folder");
    }
  }

  /** The recorded requests of a folder of test resources. */
  public static List<Run> runs(String folder) {
    return runs(GoldenImages.class.getResource("/golden/" + folder + "/reference.json.gz"));
  }

  /** The recorded requests of a compressed file. */
  @SuppressWarnings("unchecked")
  static List<Run> runs(URL record) {
    try (InputStream in = new GZIPInputStream(record.openStream())) {
      List<Object> runs = (List<Object>) PYTHON_JSON.mapFrom(in).get("runs");
      return IntStream.range(0, runs.size())
          .mapToObj(i -> new Run(i, (Map<String, Object>) runs.get(i)))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The recorded tensors of a folder of test resources, copied below {@code scratch}. */
  public static GoldenImages open(String folder, Path scratch) {
    return file(folder + "/reference.safetensors", scratch);
  }

  /** The tensors of a file as it is. */
  static GoldenImages open(Path file) {
    return new GoldenImages(Safetensors.open(file));
  }

  /** The tensors of one file of test resources. */
  static GoldenImages file(String name, Path scratch) {
    Path file = scratch.resolve(name.replace('/', '-'));
    GoldenResource.copy("/golden/" + name, file);
    return new GoldenImages(Safetensors.open(file));
  }

  /** The tensor {@code name}; the calling scope owns it. */
  public Tensor tensor(String name) {
    return tensors.read(name);
  }

  /** An image [height, width, 3] or a mask [height, width]. */
  RgbImage image(String name) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor bytes = tensors.read(name);
      float[] values = ImageTensors.floats(bytes);
      int channels = bytes.dim() == 3 ? 3 : 1;
      byte[] rgb = new byte[values.length * 3 / channels];
      for (int i = 0; i < rgb.length; i++) {
        rgb[i] = (byte) (int) values[channels == 3 ? i : i / 3];
      }
      return RgbImage.of((int) bytes.size(1), (int) bytes.size(0), rgb);
    }
  }

  /** A request with a negative prompt; the same request if it is null. */
  static ImageRequest withNegative(ImageRequest plain, String negative) {
    return negative == null ? plain : plain.negative(negative);
  }

  /** What every run asks: prompts, size, steps, guidance and seeds. */
  static ImageRequest baseRequest(Run run) {
    ImageRequest plain = ImageRequest.of(run.text("prompt"));
    String negative = run.text("negative");
    ImageRequest request = withNegative(
            plain, negative == null || negative.isEmpty() ? null : negative)
        .guidance(run.number("guidance", 0))
        .steps(run.integer("steps"))
        .seed(run.firstSeed())
        .count(run.count());
    // Runs over images take the image's size.
    return run.integer("width") == 0
        ? request
        : request.size(run.integer("width"), run.integer("height"));
  }

  /** What a run asks that draws from images, or from noise alone. */
  ImageRequest request(Run run) {
    ImageRequest plain = baseRequest(run)
        .clipSkip(run.extraArgument("clip_skip").intValue())
        .guidance(GuidanceOptions.DEFAULT.rescale(
            run.extraArgument("guidance_rescale").doubleValue()));
    return switch (run.text("kind")) {
      case "text" -> plain;
      case "latents" -> plain.hires(HiresFix.latents(1.5, run.number("strength", 0)));
      case "image" -> plain.initialImage(initial(run)).sizeOptions(SizeOptions.DEFAULT);
      default -> plain.initialImage(initial(run));
    };
  }

  private InitialImage initial(Run run) {
    InitialImage whole = InitialImage.of(image("picture" + run.integer("picture")));
    double strength = run.number("strength", Double.NaN);
    InitialImage initial = Double.isNaN(strength) ? whole : whole.strength(strength);
    return switch (run.text("kind")) {
      case "inpaint" -> initial.mask(image("mask" + run.integer("mask")));
      case "differential" -> initial.changeMap(image("mask1"));
      default -> initial;
    };
  }

  /**
   * Compares what was drawn with what was recorded: latents to 1e-4 of their spread, and images.
   */
  void compare(Run run, List<GeneratedImage> images) {
    compareLatents(run, images);
    compareImages(run, images);
  }

  /** Compares latents alone. */
  void compareLatents(Run run, List<GeneratedImage> images) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor latents = tensor("run" + run.index() + ".latents");
      for (int i = 0; i < images.size(); i++) {
        Tensor drawn = images.get(i).latents().toTensor();
        Closeness.assertWithinSpread(1e-4, latents.narrow(0, i, 1), drawn, run + " latents");
      }
    }
  }

  /** Compares images with those recorded, to 1e-3 of white. */
  void compareImages(Run run, List<GeneratedImage> images) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor pictures = tensor("run" + run.index() + ".images");
      assertEquals(pictures.size(0), images.size());
      for (int i = 0; i < images.size(); i++) {
        Closeness.assertImage(1e-3, pictures.select(0, i), images.get(i), run + " image");
      }
    }
  }

  @Override
  public void close() {
    tensors.close();
  }
}
