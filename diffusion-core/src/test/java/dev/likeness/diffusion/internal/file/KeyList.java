package dev.likeness.diffusion.internal.file;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Names and shapes as a file without bytes: a number by itself is one, and a weight must not be
 * read.
 */
public class KeyList implements TensorSource {
  private final String describe;
  private final Map<String, long[]> shapes;

  public KeyList(String describe, Map<String, long[]> shapes) {
    this.describe = describe;
    this.shapes = shapes;
  }

  /** Reads a list of names with their shapes. */
  public static KeyList of(Path file) {
    try {
      Map<String, Object> tensors = JSON.std.mapFrom(Files.readAllBytes(file));
      return new KeyList(
          file.toString(),
          GoldenFolder.shapes(tensors.entrySet().stream()
              .collect(Collectors.toMap(
                  Map.Entry::getKey, e -> ((Map<?, ?>) e.getValue()).get("shape")))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Map<String, long[]> shapes() {
    return shapes;
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
    if (shapes.get(name).length > 0) {
      throw new AssertionError("a weight was read: " + name);
    }
    return torch.ones(new long[0]);
  }

  @Override
  public String describe() {
    return describe;
  }

  @Override
  public void close() {}
}
