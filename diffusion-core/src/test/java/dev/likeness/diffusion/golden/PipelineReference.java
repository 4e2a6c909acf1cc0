package dev.likeness.diffusion.golden;

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

/**
 * What diffusers computed with a {@link PipelineFolder}: tensors by name and the requests behind
 * them.
 */
public final class PipelineReference implements AutoCloseable {
  private final Safetensors tensors;
  private final Map<String, Object> record;

  private PipelineReference(Safetensors tensors, Map<String, Object> record) {
    this.tensors = tensors;
    this.record = record;
  }

  /**
   * One request.
   *
   * @param name prefix of its tensors: {@code run0}
   * @param guidance {@code guidance_scale}
   * @param call the pipeline's further arguments
   * @param scheduler the effective configuration, with {@code _class_name}
   */
  public record Run(
      String name,
      String prompt,
      double guidance,
      int steps,
      int width,
      int height,
      List<Long> seeds,
      Map<String, Object> call,
      Map<String, Object> scheduler) {
    /** A number of {@link #call}. */
    public double number(String argument, double fallback) {
      return call.get(argument) instanceof Number n ? n.doubleValue() : fallback;
    }

    /** A text of {@link #call}, empty when it is not there. */
    public String text(String argument) {
      return call.get(argument) instanceof String text ? text : "";
    }

    @Override
    public String toString() {
      return name + " " + scheduler.get("_class_name") + " x" + steps + " " + width + "x" + height
          + " " + call;
    }
  }

  static PipelineReference open(Path folder) {
    try {
      return new PipelineReference(
          Safetensors.open(folder.resolve("reference.safetensors")),
          JSON.std.mapFrom(Files.readAllBytes(folder.resolve("reference.json"))));
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

  public List<Run> runs() {
    List<?> runs = (List<?>) record.get("runs");
    return IntStream.range(0, runs.size())
        .mapToObj(i -> run("run" + i, (Map<?, ?>) runs.get(i)))
        .toList();
  }

  @SuppressWarnings("unchecked")
  private static Run run(String name, Map<?, ?> run) {
    return new Run(
        name,
        (String) run.get("prompt"),
        ((Number) run.get("guidance")).doubleValue(),
        integer(run, "steps"),
        integer(run, "width"),
        integer(run, "height"),
        ((List<?>) run.get("seeds"))
            .stream().map(seed -> ((Number) seed).longValue()).toList(),
        (Map<String, Object>) run.get("call"),
        (Map<String, Object>) run.get("scheduler"));
  }

  private static int integer(Map<?, ?> run, String name) {
    return ((Number) run.get(name)).intValue();
  }

  @Override
  public void close() {
    tensors.close();
  }
}
