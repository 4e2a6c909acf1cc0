package dev.likeness.ipadapter.internal.registry;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.ScaledSource;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.ipadapter.internal.file.AdapterKeyFormat;
import dev.likeness.ipadapter.internal.file.AdapterType;
import dev.likeness.ipadapter.internal.method.AdapterKeys;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Opens adapter files, and asks the methods of {@link MethodRegistry} which of them a file is of.
 */
public final class AdapterHeader {
  /** Header key for the family of the image encoder that the adapter was trained with. */
  public static final String FAMILY = "likeness.encoder_family";
  /** Header key for the training settings, present if this library trained the adapter. */
  public static final String TRAINING_SETTINGS = "likeness.training_settings";
  // The key in files of earlier versions.
  private static final String FORMER_TRAINING_SETTINGS = "likeness.recipe";

  private AdapterHeader() {}

  /**
   * Opens an adapter file; its tensors have their published names. Reads no weights. The source
   * refuses values that are NaN or infinite when they are read. The caller closes it.
   *
   * @throws InvalidInputException if the file is broken or is no IP-Adapter
   */
  public static TensorSource open(Path file) {
    TensorSource source = published(file);
    try {
      if (!hasOwnKeys(source)) {
        AdapterType.check(source);
      }
      return source;
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private static TensorSource published(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new InvalidInputException(file
          + (Files.exists(file) ? " is not a regular file" : " does not exist")
          + "; give an IP-Adapter's .safetensors or .bin file");
    }
    TensorSource source = new TensorSource.Finite(
        ScaledSource.of(isSafetensors(file) ? Safetensors.open(file) : TorchPickle.open(file)));
    try {
      return hasOwnKeys(source) ? source : AdapterKeyFormat.toPublished(source);
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private static boolean hasOwnKeys(TensorSource source) {
    return MethodRegistry.methods().stream().anyMatch(method -> method.hasOwnKeys(source));
  }

  /**
   * Reads kind and sizes of an adapter from its header.
   *
   * @throws InvalidInputException if the file is broken or is no IP-Adapter
   */
  public static AdapterLayout layout(Path file) {
    try (TensorSource source = open(file)) {
      return layout(source, file.getFileName().toString());
    }
  }

  /** Returns the metadata of a file; empty for pickled files. */
  public static Map<String, String> metadata(Path file) {
    return isSafetensors(file) ? SafetensorsHeader.read(file).metadata() : Map.of();
  }

  /** {@return true if the header has training settings of this library} */
  public static boolean isOurs(Map<String, String> metadata) {
    return metadata.containsKey(TRAINING_SETTINGS)
        || metadata.containsKey(FORMER_TRAINING_SETTINGS);
  }

  private static boolean isSafetensors(Path file) {
    return file.getFileName().toString().endsWith(".safetensors");
  }

  /**
   * Reads kind and sizes of an adapter whose tensors have their published names.
   *
   * @param fileName tells kinds apart that have equal headers
   * @throws InvalidInputException if no method recognises the file
   */
  public static AdapterLayout layout(TensorSource source, String fileName) {
    AdapterKeys keys = new AdapterKeys(source, fileName);
    return MethodRegistry.methods().stream()
        .flatMap(method -> method.recognise(keys).stream())
        .findFirst()
        .orElseThrow(() -> new InvalidInputException(
            source.describe() + ": the image_proj keys fit no supported IP-Adapter, found e.g. "
                + Quoted.of(source.names().stream()
                    .filter(name -> name.startsWith("image_proj."))
                    .findFirst()
                    .orElse("nothing"))
                + "; docs/reference/adapters.md lists the supported kinds"));
  }
}
