package dev.likeness.diffusion.golden;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.Safetensors;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/** What a script of {@code tools/goldens} recorded of runs on golden folders: requests, and tensors by name. */
final class GoldenPictures implements AutoCloseable {
  private static final JSON PYTHONS_JSON =
      JSON.builder(JsonFactory.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build()).build();

  private final Safetensors tensors;

  private GoldenPictures(Safetensors tensors) {
    this.tensors = tensors;
  }

  /** One request: its place in the record and what it asks, by the script's names. */
  record Run(int index, Map<String, Object> asks) {
    String text(String name) {
      return (String) asks.get(name);
    }

    double number(String name, double otherwise) {
      return asks.get(name) == null ? otherwise : ((Number) asks.get(name)).doubleValue();
    }

    int integer(String name) {
      return (int) number(name, 0);
    }

    @SuppressWarnings("unchecked")
    Map<String, Object> scheduler() {
      return (Map<String, Object>) asks.get("config");
    }

    long firstSeed() {
      return ((Number) ((List<?>) asks.get("seeds")).get(0)).longValue();
    }

    int count() {
      return ((List<?>) asks.get("seeds")).size();
    }

    @Override
    public String toString() {
      return index + " " + text("kind") + " " + text("folder");
    }
  }

  /** The recorded requests of a folder of test resources. */
  @SuppressWarnings("unchecked")
  static List<Run> runs(String folder) {
    try (InputStream in = GoldenPictures.class.getResourceAsStream("/golden/" + folder + "/reference.json")) {
      List<Object> runs = (List<Object>) PYTHONS_JSON.mapFrom(in).get("runs");
      return IntStream.range(0, runs.size()).mapToObj(i -> new Run(i, (Map<String, Object>) runs.get(i))).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The recorded tensors of a folder of test resources, copied below {@code scratch}. */
  static GoldenPictures open(String folder, Path scratch) {
    return file(folder + "/reference.safetensors", scratch);
  }

  /** The tensors of one file of test resources. */
  static GoldenPictures file(String name, Path scratch) {
    Path file = scratch.resolve(name.replace('/', '-'));
    try (InputStream in = GoldenPictures.class.getResourceAsStream("/golden/" + name)) {
      Files.copy(in, file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new GoldenPictures(Safetensors.open(file));
  }

  /** The tensor {@code name}; the calling scope owns it. */
  Tensor tensor(String name) {
    return tensors.read(name);
  }

  /** A picture [height, width, 3] or a mask [height, width]. */
  Picture picture(String name) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor bytes = tensors.read(name);
      float[] values = Images.floats(bytes);
      int channels = bytes.dim() == 3 ? 3 : 1;
      byte[] rgb = new byte[values.length * 3 / channels];
      for (int i = 0; i < rgb.length; i++) {
        rgb[i] = (byte) (int) values[channels == 3 ? i : i / 3];
      }
      return Picture.of((int) bytes.size(1), (int) bytes.size(0), rgb);
    }
  }

  @Override
  public void close() {
    tensors.close();
  }
}
