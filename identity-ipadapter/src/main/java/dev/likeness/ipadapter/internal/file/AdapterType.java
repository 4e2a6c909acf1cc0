package dev.likeness.ipadapter.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.TensorSource;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Files of other adapters that resemble IP-Adapters, detected to be refused by name. */
public enum AdapterType {
  /** Also published with the key prefixes of IP-Adapters. */
  PULID(
      "a PuLID adapter of version 1, or a part of one",
      "pulid_encoder.",
      "id_adapter",
      "image_proj.mapping_0."),
  CONSISTENT_ID("a ConsistentID adapter", "FacialEncoder.");

  private static final String SUPPORTED =
      "; give an adapter of another kind, such as pulid_v1.1.safetensors";

  private final String title;
  private final Predicate<String> signature;

  AdapterType(String title, String... signs) {
    this.title = title;
    signature = name -> Stream.of(signs).anyMatch(name::contains);
  }

  /** Refuses a file that is no IP-Adapter. */
  public static void check(TensorSource source) {
    for (AdapterType kind : values()) {
      Optional<String> key = source.names().stream().filter(kind.signature).findFirst();
      if (key.isPresent()) {
        throw new InvalidInputException(source.describe() + " is " + kind.title + " (it has "
            + Quoted.of(key.get()) + ")" + SUPPORTED);
      }
    }
    boolean projects = source.names().stream().anyMatch(name -> name.startsWith("image_proj."));
    boolean attends = source.names().stream().anyMatch(name -> name.startsWith("ip_adapter."));
    if (projects && !attends) {
      throw new InvalidInputException(source.describe()
          + " has an image projection but no keys and values (ip_adapter.*); give an IP-Adapter"
          + " file");
    }
    if (!projects || !attends) {
      throw new InvalidInputException(source.describe()
          + " is not an IP-Adapter: expected keys image_proj.* and ip_adapter.*, found e.g. "
          + Quoted.of(source.names().stream().findFirst().orElse("nothing"))
          + "; give an IP-Adapter file");
    }
  }
}
