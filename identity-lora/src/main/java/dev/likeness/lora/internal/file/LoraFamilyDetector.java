package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoraLayers;
import dev.likeness.diffusion.internal.family.LoraLayers.Certainty;
import dev.likeness.diffusion.internal.family.LoraLayers.Kind;
import dev.likeness.diffusion.internal.family.LoraLayers.Signature;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Detects the kind of base that a LoRA file is for, by names, widths and metadata. A kind has an
 * id, such as {@code sdxl}; the families define the signs in {@link LoraLayers}.
 */
public final class LoraFamilyDetector {
  /** The id if the kind cannot be detected, as for LoRAs of small and private models. */
  public static final String UNKNOWN = "unknown";

  private static final String DIFFUSERS_LIST = "transformer_blocks.";
  /** Blocks of joint attention under diffusers' names, which several families have. */
  private static final String JOINT_ATTENTION_BLOCK = "^transformer_blocks[._]";

  /** Kinds of bases that are not supported, and one family of unknown files. */
  private record UnsupportedFamily(Pattern key, String id, String title) {}

  private static final List<UnsupportedFamily> FOREIGN = List.of(
      // Blocks of PixArt and LTX-Video have two attention layers. The first is called attn1, unlike
      // in any supported family.
      new UnsupportedFamily(
          Pattern.compile(JOINT_ATTENTION_BLOCK + "\\d+[._]attn1[._]"), UNKNOWN, "an unknown base"),
      // No supported family has so many blocks, or feed-forward layers with these names.
      new UnsupportedFamily(
          Pattern.compile(
              JOINT_ATTENTION_BLOCK + "(\\d+[._](img|txt)_(mod|mlp)|3[89]|[4-9]\\d)[._]"),
          "qwen-image",
          "Qwen-Image"),
      new UnsupportedFamily(Pattern.compile("^lora_prior_"), "cascade", "Stable Cascade"));

  /**
   * Keys and values of cross-attention, in both naming conventions. Their input width is the width
   * of the text.
   */
  private static final Pattern TEXT_ATTENTION =
      Pattern.compile(".*attn2[._](?:processor[._])?to_[kv](?:_lora)?[._].*");
  // Factors that take the input of a layer. Down blocks have "down" in their names, too.
  private static final Pattern DOWN_FACTOR =
      Pattern.compile("lora_A|lora_down|lora\\.down|lora_linear_layer\\.down|hada_w1_b");
  private static final Pattern LOKR = Pattern.compile("(.*\\.)lokr_w1(_b)?");
  private static final Pattern JOINT_ATTENTION = Pattern.compile(JOINT_ATTENTION_BLOCK + ".*");
  private static final Pattern T5_BLOCK = Pattern.compile("encoder[._]block[._].*");

  private LoraFamilyDetector() {}

  private static Stream<Kind> kinds() {
    return FamilyRegistry.families().stream()
        .flatMap(family -> family.loraLayers().kinds().stream());
  }

  /** Returns the kind of an id; empty if it is not supported. */
  public static Optional<Kind> kind(String id) {
    return kinds().filter(kind -> kind.id().equals(id)).findFirst();
  }

  /** Returns the common name of a kind. */
  public static String title(String id) {
    return kind(id)
        .map(Kind::title)
        .orElseGet(() -> FOREIGN.stream()
            .filter(foreign -> foreign.id.equals(id))
            .findFirst()
            .map(UnsupportedFamily::title)
            .orElse(id));
  }

  /** Returns the layers of a kind's family; empty if it is not supported. */
  public static Optional<LoraLayers> layers(String id) {
    return FamilyRegistry.families().stream()
        .map(ModelFamily::loraLayers)
        .filter(layers -> layers.kinds().stream().anyMatch(kind -> kind.id().equals(id)))
        .findFirst();
  }

  /** Detects the kind by names and shapes, or else by the metadata that trainers write. */
  public static String of(TensorNames source, Map<String, String> metadata) {
    return bySignature(source, Certainty.OWN)
        .or(() -> bySharedNames(source, fromMetadata(metadata)))
        .or(() -> bySignature(source, Certainty.SHARED))
        .or(() -> FOREIGN.stream()
            .filter(foreign -> has(source, foreign.key))
            .map(UnsupportedFamily::id)
            .findFirst())
        .or(() -> bySignature(source, Certainty.WEAK))
        .orElseGet(() -> byWidths(source, metadata));
  }

  /**
   * Returns all kinds of bases that a file may be for. The first is the result of
   * {@link #of(TensorNames, Map)}. Families with the same layer names follow, if neither a key of
   * only one family nor the metadata decides.
   */
  public static List<String> candidates(TensorNames source, Map<String, String> metadata) {
    String first = of(source, metadata);
    boolean open = bySignature(source, Certainty.OWN).isEmpty()
        && bySignature(source, Certainty.SHARED).isPresent()
        && !fromMetadata(metadata).equals(first);
    return Stream.concat(
            Stream.of(first),
            FamilyRegistry.families().stream()
                .map(ModelFamily::loraLayers)
                .filter(layers -> open
                    && isPossible(source, layers)
                    && hasSignature(source, layers, Certainty.SHARED))
                .map(layers -> layers.kinds().get(0).id()))
        .distinct()
        .toList();
  }

  /**
   * Returns the kind of a network or adapter by layer names that only one family, or few families,
   * have.
   */
  public static Optional<String> byNames(TensorNames source) {
    return bySignature(source, Certainty.OWN).or(() -> bySignature(source, Certainty.SHARED));
  }

  /** Returns the kind of bases whose networks take text of this width. */
  public static Optional<String> byTextWidth(long width) {
    return kindsOfTextWidth(width).map(Kind::id).findFirst();
  }

  /** Returns the kind of the metadata, if its family shares layer names with another. */
  private static Optional<String> bySharedNames(TensorNames source, String noted) {
    return layers(noted)
        .filter(own -> isPossible(source, own) && hasSignature(source, own, Certainty.SHARED))
        .map(own -> noted);
  }

  private static boolean hasSignature(TensorNames source, LoraLayers layers, Certainty certainty) {
    return layers.signatures().stream()
        .filter(sign -> sign.certainty() == certainty)
        .map(Signature::key)
        .anyMatch(key -> has(source, key));
  }

  private static Optional<String> bySignature(TensorNames source, Certainty certainty) {
    return FamilyRegistry.families().stream()
        .map(ModelFamily::loraLayers)
        .filter(layers -> hasSignature(source, layers, certainty))
        .map(layers -> layers.kinds().get(0).id())
        .findFirst();
  }

  /**
   * Returns true if a family shares layer names with another, and the file has no name that this
   * family lacks.
   */
  private static boolean isPossible(TensorNames source, LoraLayers own) {
    return own.absent() != null && !has(source, own.absent());
  }

  private static boolean has(TensorNames source, Pattern key) {
    return source.names().stream()
        .anyMatch(name -> key.matcher(KeyPrefix.withoutNetwork(name)).find());
  }

  private static String byWidths(TensorNames source, Map<String, String> metadata) {
    Optional<Kind> byWidth =
        source.names().stream().flatMap(name -> byWidth(source, name)).findFirst();
    if (byWidth.isPresent()) {
      return byWidth.get().id();
    }
    boolean twoTextEncoders = source.names().stream().anyMatch(LoraFamilyDetector::isOfSecondClip);
    return hasJointAttention(source) || !twoTextEncoders ? fromMetadata(metadata) : twoClipKind();
  }

  /**
   * Detects the kind for a base of a known kind. Families may share layer names and text encoders,
   * so that the names alone do not decide; then the kind of the base is returned.
   */
  public static String of(TensorNames source, Map<String, String> metadata, String base) {
    String alone = of(source, metadata);
    Optional<LoraLayers> detected = layers(alone);
    Optional<LoraLayers> own = layers(base);
    if (own.isEmpty()) {
      return alone;
    }
    boolean either = detected.isPresent()
        && isPossible(source, own.get())
        && own.get().names().hasListsOf(detected.get().names());
    boolean any = alone.equals(UNKNOWN)
        && hasJointAttention(source)
        && own.get().names().lists().stream()
            .anyMatch(list -> list.diffusers().equals(DIFFUSERS_LIST));
    boolean text = alone.equals(twoClipKind())
        && kind(base).filter(Kind::hasTwoClips).isPresent()
        && !fromMetadata(metadata).equals(alone)
        && source.names().stream()
            .allMatch(
                name -> KeyPrefix.of(name).filter(KeyPrefix::isOfTextEncoder).isPresent());
    return either || any || text ? base : alone;
  }

  /** Returns the kind that has two CLIP text encoders. */
  public static String twoClipKind() {
    return kinds().filter(Kind::hasTwoClips).map(Kind::id).findFirst().orElse(UNKNOWN);
  }

  private static boolean isOfSecondClip(String name) {
    return KeyPrefix.of(name)
        .filter(prefix -> prefix.component() == ModelComponent.TEXT_ENCODER_2
            && !T5_BLOCK.matcher(prefix.rest(name)).matches())
        .isPresent();
  }

  private static boolean hasJointAttention(TensorNames source) {
    return source.names().stream().anyMatch(LoraFamilyDetector::isJointAttention);
  }

  private static boolean isJointAttention(String name) {
    return JOINT_ATTENTION.matcher(KeyPrefix.withoutNetwork(name)).matches();
  }

  private static Stream<Kind> byWidth(TensorNames source, String name) {
    if (TEXT_ATTENTION.matcher(name).matches()) {
      return kindsOfTextWidth(inputWidth(source, name));
    }
    if (isJointAttention(name)) {
      long inputs = inputWidth(source, name);
      return kinds().filter(kind -> kind.widths().block().contains(inputs));
    }
    long[] shape = source.shape(name);
    boolean numbered =
        name.matches("(unet:)?\\d+(:down)?") && shape.length == 2 && shape[1] > shape[0];
    // A numbered list has no names. Among the inputs of a UNet only the text is 768 or 1024 wide.
    return numbered && (shape[1] == 768 || shape[1] == 1024)
        ? kindsOfTextWidth(shape[1])
        : Stream.empty();
  }

  private static Stream<Kind> kindsOfTextWidth(long width) {
    return kinds().filter(kind -> width != 0 && kind.widths().text() == width);
  }

  /** Returns the input width of the layer that a key changes; 0 if the key does not show it. */
  private static long inputWidth(TensorNames source, String name) {
    long[] shape = source.shape(name);
    if (shape.length < 2) {
      return 0;
    }
    if (DOWN_FACTOR.matcher(name).find() || name.endsWith(".diff")) {
      return shape[1];
    }
    if (name.endsWith(".a2.weight")) {
      // In the first GLoRA files the sides are swapped; the rank is the smaller one.
      return Math.max(shape[0], shape[1]);
    }
    Matcher outer = LOKR.matcher(name);
    return !outer.matches()
        ? 0
        : Stream.of("lokr_w2", "lokr_w2_b")
            .map(inner -> outer.group(1) + inner)
            .filter(source.names()::contains)
            .mapToLong(inner -> shape[1] * source.shape(inner)[1])
            .findFirst()
            .orElse(0);
  }

  private static String fromMetadata(Map<String, String> metadata) {
    String base = Stream.of(
            "modelspec.architecture", "ss_base_model_version", "baseModel", "likeness.base_family")
        .map(metadata::get)
        .filter(entry -> entry != null)
        .findFirst()
        .orElse("")
        .toLowerCase(Locale.ROOT);
    Predicate<Kind> noted = kind -> kind.metadata().pattern() != null
        && kind.metadata().pattern().matcher(base).matches();
    Predicate<Kind> flagged =
        kind -> kind.metadata().isKohyaV2() && "True".equals(metadata.get("ss_v2"));
    return kinds()
        .filter(noted.and(kind -> !kind.metadata().isWeak()))
        .findFirst()
        .or(() -> kinds()
            .filter(kind -> kind.metadata().isWeak())
            .filter(noted.or(flagged))
            .findFirst())
        .map(Kind::id)
        .orElse(UNKNOWN);
  }

  /**
   * Returns the kind of a base.
   *
   * @param textWidth input width of the cross-attention layers of a UNet; empty for other networks
   */
  public static String ofBase(ModelFamily family, OptionalLong textWidth) {
    List<Kind> kinds = family.loraLayers().kinds();
    return kinds.size() == 1
        ? kinds.get(0).id()
        : kinds.stream()
            .filter(kind -> textWidth.isPresent() && kind.widths().text() == textWidth.getAsLong())
            .map(Kind::id)
            .findFirst()
            .orElse(UNKNOWN);
  }

  /**
   * Returns true if a LoRA of one kind may fit a base of another. A LoRA of an unknown kind may fit
   * every base, and a LoRA for UNets may fit a base of an unknown kind.
   */
  public static boolean isCompatible(String lora, String base) {
    return lora.equals(UNKNOWN)
        || lora.equals(base)
        || base.equals(UNKNOWN)
            && kind(lora).filter(kind -> kind.widths().text() != 0).isPresent();
  }
}
