package dev.likeness.ipadapter.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.tensor.DType;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A source under other names, some of which stand for a resampler's keys with the values below
 * them.
 */
final class FusedKeyValues implements TensorSource {
  private static final Pattern KEYS_OR_VALUES =
      Pattern.compile("(image_proj\\..*\\.0\\.to_)([kv])(\\.weight)");

  private final TensorSource source;
  private final Map<String, List<String>> parts;

  private FusedKeyValues(TensorSource source, Map<String, List<String>> parts) {
    this.source = source;
    this.parts = parts;
  }

  /**
   * Takes over {@code source}, whose tensors have these {@code roles}: published names, but that
   * keys and values may stand apart.
   *
   * @throws InvalidInputException when one of them lacks the other, or they stand together, too
   */
  static FusedKeyValues of(TensorSource source, Map<String, String> roles) {
    Map<String, List<String>> parts = new LinkedHashMap<>();
    roles.forEach((role, name) -> {
      Matcher apart = KEYS_OR_VALUES.matcher(role);
      if (!apart.matches()) {
        parts.put(role, List.of(name));
        return;
      }
      String together = apart.group(1) + "kv" + apart.group(3);
      if (roles.containsKey(together)) {
        throw AdapterKeyFormat.twice(source, roles.get(together), name);
      }
      String keys = roles.get(apart.group(1) + "k" + apart.group(3));
      String values = roles.get(apart.group(1) + "v" + apart.group(3));
      if (keys == null
          || values == null
          || source.shape(name).length != 2
          || !Arrays.equals(source.shape(keys), source.shape(values))) {
        throw new InvalidInputException(source.describe() + ": \"" + name
            + "\" is not one of two matrices alike, of keys and of values; the"
            + " file is incomplete");
      }
      parts.put(together, List.of(keys, values));
    });
    return new FusedKeyValues(source, parts);
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(parts.keySet());
  }

  @Override
  public long[] shape(String name) {
    long[] shape = source.shape(parts.get(name).get(0)).clone();
    for (String more : parts.get(name).subList(1, parts.get(name).size())) {
      shape[0] += source.shape(more)[0];
    }
    return shape;
  }

  @Override
  public DType dtype(String name) {
    return source.dtype(parts.get(name).get(0));
  }

  @Override
  public Tensor read(String name) {
    List<String> rows = parts.get(name);
    if (rows.size() == 1) {
      return source.read(rows.get(0));
    }
    TensorVector tensors = new TensorVector();
    rows.forEach(row -> tensors.push_back(source.read(row)));
    return torch.cat(tensors, 0);
  }

  @Override
  public String describe() {
    return source.describe();
  }

  @Override
  public void close() {
    source.close();
  }
}
