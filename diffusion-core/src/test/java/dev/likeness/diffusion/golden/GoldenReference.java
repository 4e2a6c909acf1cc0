package dev.likeness.diffusion.golden;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.file.Safetensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/** What diffusers computed with a golden folder: tensors by name and the requests behind them. */
public final class GoldenReference implements AutoCloseable {
  // Python writes a DPM-Solver's lambda_min_clipped as -Infinity.
  private static final JSON PYTHON_JSON = JSON.builder(JsonFactory.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build())
      .build();

  private final Safetensors tensors;
  private final Map<String, Object> record;

  private GoldenReference(Safetensors tensors, Map<String, Object> record) {
    this.tensors = tensors;
    this.record = record;
  }

  /**
   * One request.
   *
   * @param name prefix of its tensors: {@code run0}
   * @param guidance classifier-free guidance; 1 means none
   * @param negative null for none
   * @param scheduler the effective configuration, with {@code _class_name}
   * @param sizes SDXL's arguments about sizes; empty for none
   */
  public record Run(
      String name,
      String prompt,
      String negative,
      double guidance,
      int steps,
      int width,
      int height,
      List<Long> seeds,
      Map<String, Object> scheduler,
      Map<String, List<Integer>> sizes) {
    @Override
    public String toString() {
      return name + " " + scheduler.get("_class_name") + " x" + steps + " " + width + "x" + height
          + " seeds " + seeds;
    }
  }

  static GoldenReference open(Path folder) {
    try {
      return new GoldenReference(
          Safetensors.open(folder.resolve("reference.safetensors")),
          PYTHON_JSON.mapFrom(Files.readAllBytes(folder.resolve("reference.json"))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The tensor {@code name}; the calling scope owns it. */
  public Tensor tensor(String name) {
    return tensors.read(name);
  }

  public boolean has(String name) {
    return tensors.names().contains(name);
  }

  /** The prompts of {@code text.ids}. */
  public List<String> prompts() {
    return ((List<?>) record.get("prompts")).stream().map(String.class::cast).toList();
  }

  /** A whole number of the record, such as {@code unet_timestep}. */
  public long number(String name) {
    return ((Number) record.get(name)).longValue();
  }

  public List<Run> runs() {
    List<?> runs = (List<?>) record.get("runs");
    return IntStream.range(0, runs.size())
        .mapToObj(i -> run("run" + i, (Map<?, ?>) runs.get(i)))
        .toList();
  }

  @SuppressWarnings("unchecked")
  private static Run run(String name, Map<?, ?> run) {
    String negative = (String) run.get("negative");
    Map<?, ?> sizes = run.get("sizes") == null ? Map.of() : (Map<?, ?>) run.get("sizes");
    return new Run(
        name,
        (String) run.get("prompt"),
        negative,
        ((Number) run.get("guidance")).doubleValue(),
        integer(run, "steps"),
        integer(run, "width"),
        integer(run, "height"),
        ((List<?>) run.get("seeds"))
            .stream().map(seed -> ((Number) seed).longValue()).toList(),
        (Map<String, Object>) run.get("scheduler"),
        (Map<String, List<Integer>>) sizes);
  }

  private static int integer(Map<?, ?> run, String name) {
    return ((Number) run.get(name)).intValue();
  }

  @Override
  public void close() {
    tensors.close();
  }
}
