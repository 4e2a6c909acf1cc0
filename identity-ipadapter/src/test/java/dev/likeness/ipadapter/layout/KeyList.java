package dev.likeness.ipadapter.layout;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.weights.TensorSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;

/** A key list as a file without bytes. */
public record KeyList(String describe, Map<String, long[]> shapes) implements TensorSource {
  /** Reads a list of names with their shapes. */
  public static KeyList of(Path file) {
    try {
      Map<String, Object> tensors = JSON.std.mapFrom(Files.readAllBytes(file));
      return new KeyList(file.toString(), GoldenFolder.shapes(tensors.entrySet().stream().collect(
          Collectors.toMap(Map.Entry::getKey, e -> ((Map<?, ?>) e.getValue()).get("shape")))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Set<String> names() {
    return shapes.keySet();
  }

  @Override
  public long[] shape(String name) {
    return shapes.get(name);
  }

  @Override
  public DType dtype(String name) {
    return DType.F16;
  }

  @Override
  public Tensor read(String name) {
    throw new AssertionError("a weight was read: " + name);
  }

  @Override
  public void close() { }
}
