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
 * The folder of one network: its weights in one file or in shards, in safetensors or as PyTorch
 * saves them, plain or in a variant, under the names that diffusers and transformers use.
 */
final class ComponentFolder {
  /** What diffusers calls the half-precision copy, taken where there is no plain one. */
  private static final String HALF = "fp16";

  private static final List<String> STEMS =
      List.of("diffusion_pytorch_model", "model", "pytorch_model");

  private final Path folder;
  private final String variant;

  /**
   * {@code variant} is the one to take before the plain files, or null for these or else the
   * half-precision ones.
   */
  ComponentFolder(Path folder, String variant) {
    this.folder = folder;
    this.variant = variant;
  }

  /**
   * The file or index of shards.
   *
   * @throws InvalidInputException when there is none, or it links out of its repository
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

  /** Whether there are weights of the variant itself. */
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

  /** Every file that holds weights: one, or the shards. */
  TensorSource open() {
    Path file = weights();
    return file.toString().endsWith(".json")
        ? ShardedSource.open(file, TensorFileFormat::open)
        : TensorFileFormat.open(file);
  }

  /**
   * The spellings of one key that published folders of different years have, brought to the
   * canonical one.
   */
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
     * transformers 5 drops the prefix {@code text_model.}; older files also carry an index buffer,
     * a whole CLIP what looks at images.
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

    /** The first autoencoder folders call an attention's layers query, key, value and proj_attn. */
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
