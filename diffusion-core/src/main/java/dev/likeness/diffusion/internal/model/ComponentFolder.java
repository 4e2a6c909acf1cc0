package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.RepositoryFolder;
import dev.likeness.diffusion.internal.file.ShardedSource;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.text.ClipKeyFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The folder of one network. Its weights are one file or shards, in safetensors or PyTorch's
 * format, plain or in a variant, with the file names of diffusers and transformers.
 */
final class ComponentFolder {
  /** Diffusers' name of the half-precision variant, which is used if there are no plain weights. */
  private static final String HALF = "fp16";

  private static final List<String> STEMS =
      List.of("diffusion_pytorch_model", "model", "pytorch_model");

  private final Path folder;
  private final String variant;

  /**
   * Opens the folder.
   *
   * @param variant the preferred variant, or null for the plain files or else the half-precision
   *     ones
   */
  ComponentFolder(Path folder, String variant) {
    this.folder = folder;
    this.variant = variant;
  }

  /**
   * The file or index of shards.
   *
   * @throws InvalidInputException if there is none, or it is a link out of its repository
   */
  Path weights() {
    String found = Stream.of(
            variant == null ? "" : "." + variant, variant == null ? "." + HALF : "")
        .flatMap(this::presentFiles)
        .findFirst()
        .orElseThrow(() -> new InvalidInputException(
            folder + " has no weights" + (variant == null ? "" : ", plain or of variant " + variant)
                + "; expected diffusion_pytorch_model.safetensors or model.safetensors"));
    return RepositoryFolder.of(folder).resolve(found, folder);
  }

  /** Returns true if there are weights of the variant. */
  boolean hasVariant() {
    return presentFiles("." + variant).findAny().isPresent();
  }

  private Stream<String> presentFiles(String choice) {
    List<String> names = new ArrayList<>();
    for (String form : List.of(".safetensors", ".bin")) {
      for (String stem : STEMS) {
        eachName(stem, choice, form, names::add);
      }
    }
    return names.stream().filter(name -> Files.exists(folder.resolve(name)));
  }

  private static void eachName(String stem, String choice, String form, Consumer<String> names) {
    names.accept(stem + choice + form);
    names.accept(stem + form + ".index" + choice + ".json");
  }

  /** All weight files: one, or the shards. */
  TensorSource open() {
    Path file = weights();
    return file.toString().endsWith(".json")
        ? ShardedSource.open(file, TensorFileFormat::open)
        : TensorFileFormat.open(file);
  }

  /** Converts keys of older published folders to the canonical ones. */
  static final class LegacyKeys {
    private static final Map<String, String> OLD_ATTENTION =
        Map.of("query", "to_q", "key", "to_k", "value", "to_v", "proj_attn", "to_out.0");

    private LegacyKeys() {}

    /** The tensors of a component of a diffusers folder under their canonical names. */
    static TensorSource canonical(String className, String component, TensorSource source) {
      if (className != null && className.startsWith("CLIPTextModel")) {
        return textEncoder(source);
      }
      if (className != null && className.startsWith("Qwen3")) {
        return new RenamedSource(
            source,
            name ->
                name.startsWith("model.") || name.startsWith("lm_head.") ? name : "model." + name);
      }
      return component.equals("vae") ? autoencoder(source) : source;
    }

    /**
     * Transformers 5 drops the prefix {@code text_model.}. Older files also have an index buffer,
     * and a whole CLIP has an image encoder.
     */
    private static TensorSource textEncoder(TensorSource source) {
      return new RenamedSource(source, name -> {
        if (ClipKeyFormat.isOtherClipTensor(name)) {
          return null;
        }
        return name.startsWith("text_model.") || name.startsWith("text_projection.")
            ? name
            : "text_model." + name;
      });
    }

    /** The first autoencoder folders name an attention's layers query, key, value and proj_attn. */
    private static TensorSource autoencoder(TensorSource source) {
      return new RenamedSource(source, name -> {
        String[] parts = name.split("\\.");
        boolean attention = name.contains("mid_block.attentions.") && parts.length > 2;
        String now = attention ? OLD_ATTENTION.get(parts[parts.length - 2]) : null;
        if (now == null) {
          return name;
        }
        parts[parts.length - 2] = now;
        return String.join(".", parts);
      });
    }
  }
}
