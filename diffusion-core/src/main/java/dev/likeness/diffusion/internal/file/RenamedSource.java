package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * A source with other tensor names. Foreign names are translated here, before any network reads
 * them.
 */
public final class RenamedSource extends SourceView.OfOne {
  private final Map<String, String> original;

  private RenamedSource(TensorSource source, Map<String, String> original) {
    super(source);
    this.original = original;
  }

  /**
   * Renames each tensor to {@code rename.apply(name)}; tensors renamed to null are left out. Takes
   * ownership of {@code source}.
   *
   * @throws InvalidInputException if two tensors get one name; {@code source} is then closed
   */
  public static RenamedSource of(TensorSource source, UnaryOperator<String> rename) {
    Map<String, String> original = new LinkedHashMap<>();
    for (String name : source.names()) {
      String canonical = rename.apply(name);
      String other = canonical == null ? null : original.putIfAbsent(canonical, name);
      if (other != null) {
        source.close();
        throw new InvalidInputException(
            source.describe() + ": the tensors " + Quoted.of(other) + " and " + Quoted.of(name)
                + " are the same one under two names; remove one of them, or use the published file");
      }
    }
    return new RenamedSource(source, original);
  }

  /** Returns the original name of a tensor of {@link #names()}. */
  @Override
  public String original(String name) {
    return original.get(name);
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(original.keySet());
  }

  @Override
  public String storedName(String name) {
    return source.storedName(original.getOrDefault(name, name));
  }
}
