package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Leftovers;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.RepositoryFolder;
import dev.likeness.diffusion.internal.file.ScaledSource;
import dev.likeness.diffusion.internal.file.ShardedSource;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.text.ClipKeyFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The folder of one network. Its weights are one file or shards, in safetensors or PyTorch's
 * format, plain or in a variant, with the file names of diffusers and transformers.
 */
final class ComponentFolder {
  /** The variants that are used if there are no plain weights, the most usual first. */
  private static final List<String> OTHERS = List.of("fp16", "bf16", "fp32", "ema");

  private static final List<String> STEMS =
      List.of("diffusion_pytorch_model", "model", "pytorch_model");
  /** Stands for the number of a shard. */
  private static final String FIRST_SHARD = "-#";

  /** Names of weights, with the variant in one of the groups. */
  private static final Pattern VARIANT = Pattern.compile(
      "(?:diffusion_pytorch_model|model|pytorch_model)(?:\\.(\\w+)(?:-\\d{5}-of-\\d{5})?"
          + "\\.(?:safetensors|bin)(?:\\.index\\.json)?|-\\d{5}-of-\\d{5}\\.(\\w+)\\.(?:safetensors|bin)"
          + "|\\.(?:safetensors|bin)\\.index\\.(\\w+)\\.json"
          + "|\\.(?:safetensors|bin)\\.(\\w+)\\.index\\.json)");

  private final Path folder;
  private final String variant;

  /**
   * Opens the folder.
   *
   * @param variant the preferred variant, or null for the plain files or else those of another
   *     variant
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
    String found = Stream.concat(
            Stream.of(variant == null ? "" : variant, ""),
            variant == null ? OTHERS.stream() : Stream.empty())
        .flatMap(this::presentFiles)
        .findFirst()
        .or(this::onlyOther)
        .orElseThrow(() -> new InvalidInputException(
            folder + " has no weights" + (variant == null ? "" : ", plain or of variant " + variant)
                + "; expected diffusion_pytorch_model.safetensors or model.safetensors"
                + otherVariants()));
    return RepositoryFolder.of(folder).resolve(found, folder);
  }

  // A variant of an unknown name is used if there is only one.
  private Optional<String> onlyOther() {
    List<String> others = variants();
    return variant == null && others.size() == 1
        ? presentFiles(others.get(0)).findFirst()
        : Optional.empty();
  }

  private String otherVariants() {
    List<String> others = variants();
    return others.isEmpty()
        ? ""
        : " (found variants: "
            + String.join(", ", others)
            + "; to use a variant, remove its name from the names of its files)";
  }

  /** The variants whose files are in the folder. */
  private List<String> variants() {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> VARIANT.matcher(file.getFileName().toString()))
          .filter(Matcher::matches)
          .map(name -> Stream.of(name.group(1), name.group(2), name.group(3), name.group(4))
              .filter(Objects::nonNull)
              .findFirst()
              .orElse(""))
          .filter(name -> !name.isEmpty())
          .distinct()
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new InvalidInputException("cannot list " + folder + ": " + Quoted.reason(e), e);
    } catch (UncheckedIOException e) {
      throw new InvalidInputException("cannot list " + folder + ": " + e.getMessage(), e);
    }
  }

  /** Returns true if there are weights of the variant. */
  boolean hasVariant() {
    return presentFiles(variant).findAny().isPresent();
  }

  /** The present files of a variant, empty for the plain one; the most preferred first. */
  private Stream<String> presentFiles(String choice) {
    String mark = choice.isEmpty() ? "" : "." + choice;
    List<String> names = new ArrayList<>();
    for (String form : List.of(".safetensors", ".bin")) {
      for (String stem : STEMS) {
        names.add(stem + mark + form);
        names.add(stem + form + ".index" + mark + ".json");
        // Former diffusers put the variant before "index".
        names.add(stem + form + mark + ".index.json");
        names.add(stem + mark + form + ".index.json");
        // Shards whose index is lost; today's name of a variant's shard, and the former one.
        names.add(stem + mark + FIRST_SHARD + form);
        names.add(stem + FIRST_SHARD + mark + form);
      }
    }
    return names.stream().distinct().flatMap(this::present);
  }

  private Stream<String> present(String name) {
    if (!name.contains(FIRST_SHARD)) {
      return ModelFile.exists(folder.resolve(name)) ? Stream.of(name) : Stream.empty();
    }
    Pattern shard =
        Pattern.compile(Pattern.quote(name).replace(FIRST_SHARD, "\\E-\\d{5}-of-(\\d{5})\\Q"));
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(each -> shard.matcher(each).matches())
          .sorted()
          .limit(1)
          .toList()
          .stream();
    } catch (IOException | UncheckedIOException e) {
      return Stream.empty();
    }
  }

  /** All weight files: one, or the shards. */
  TensorSource open() {
    return open(weights());
  }

  /** The tensors of a file, of an index of shards, or of all shards beside one without an index. */
  static TensorSource open(Path file) {
    return ScaledSource.of(openStored(file));
  }

  // A weight and its scale may be in two shards.
  private static TensorSource openStored(Path file) {
    return file.toString().endsWith(".json")
        ? ShardedSource.open(file, TensorFileFormat::openStored)
        : ShardedSource.isShard(file)
            ? ShardedSource.withoutIndex(file, TensorFileFormat::openStored)
            : TensorFileFormat.openStored(file);
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
        return RenamedSource.of(
            source,
            name ->
                name.startsWith("model.") || name.startsWith("lm_head.") ? name : "model." + name);
      }
      return component.equals("vae")
          ? autoencoder(source)
          : className != null && className.startsWith("T5") ? withoutDecoder(source) : source;
    }

    /** A whole T5 has a decoder, which is not run. */
    private static TensorSource withoutDecoder(TensorSource source) {
      return RenamedSource.of(
          source, name -> Leftovers.isHarmless(name) && !name.startsWith("encoder.") ? null : name);
    }

    /**
     * Transformers 5 drops the prefix {@code text_model.}. Older files also have an index buffer,
     * and a whole CLIP has an image encoder.
     */
    private static TensorSource textEncoder(TensorSource source) {
      return RenamedSource.of(source, name -> {
        if (ClipKeyFormat.isOtherClipTensor(name)) {
          return null;
        }
        return name.startsWith("text_model.") || name.startsWith("text_projection.")
            ? name
            : "text_model." + name;
      });
    }

    /**
     * The first autoencoder folders name an attention's layers query, key, value and proj_attn.
     * Others have the loss of their training.
     */
    private static TensorSource autoencoder(TensorSource source) {
      return RenamedSource.of(source, name -> {
        if (name.startsWith("loss.") && Leftovers.isHarmless(name)) {
          return null;
        }
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
