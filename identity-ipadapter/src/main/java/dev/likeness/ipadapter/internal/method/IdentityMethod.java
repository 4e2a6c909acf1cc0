package dev.likeness.ipadapter.internal.method;

import dev.likeness.diffusion.catalogue.CatalogueModel.Licence;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.ControlTokens;
import dev.likeness.diffusion.internal.adapter.PromptChange;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.file.Leftovers;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.attention.BlockTokens;
import dev.likeness.ipadapter.internal.attention.FaceIdLora;
import dev.likeness.ipadapter.internal.attention.TokenMemories;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.file.FaceIdLoraFile;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.face.FaceCrop;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * A published method that conditions a base on reference images by an adapter file. All decisions
 * about a method are in its folder, {@code method/NAME}; other code asks this interface. One
 * instance for each method.
 */
public interface IdentityMethod {
  /** The word for all methods that have none of their own. */
  String IP_ADAPTER = "ipadapter";

  /** Returns the name of the method, for settings that are saved. */
  String id();

  /** Returns its published name. */
  String title();

  /** Returns the word by which users choose the method; its versions and bases share it. */
  default String word() {
    return IP_ADAPTER;
  }

  /** Returns the settings that the authors of the method use. */
  default Defaults defaults() {
    return Defaults.NONE;
  }

  /**
   * Returns the licence of the published adapters, by their publishers' words; empty if it is not
   * known.
   */
  default Optional<Licence> licence() {
    return Optional.empty();
  }

  /**
   * Returns how a file of another method with the same layout is recognised, for the message that
   * refuses its face embedder; empty if there is none.
   */
  default String lookalike() {
    return "";
  }

  /**
   * Returns the files that its publishers give out, without the face embedder of
   * {@link #faceInput}. A file of a part that is not listed has no place that is the same for all
   * adapters of the method.
   */
  default List<PublishedFile> publishedFiles() {
    return List.of();
  }

  /** Returns the published file for a part; empty if its publishers give out none. */
  default Optional<PublishedFile> publishedFile(PublishedFile.Part part) {
    return publishedFiles().stream().filter(file -> file.part() == part).findFirst();
  }

  /** Returns the name with its article, for messages. */
  default String named() {
    return "an " + title();
  }

  /** Returns the family of bases that it is made for. */
  ModelFamily family();

  /** Returns the families of bases that its adapters fit. */
  default Set<ModelFamily> families() {
    return Set.of(family());
  }

  /**
   * Recognises an adapter file of this method by its keys and shapes. Methods are asked in the
   * order of the registry.
   *
   * @return kind and sizes of the adapter; empty if the file is of another method
   * @throws dev.likeness.diffusion.error.InvalidInputException if the file is of this method, but
   *     is broken or not supported
   */
  Optional<AdapterLayout> recognise(AdapterKeys keys);

  /**
   * Returns true for a file whose tensors have names of this method alone. Other names are
   * converted to those of IP-Adapters.
   */
  default boolean hasOwnKeys(TensorNames file) {
    return false;
  }

  /** Returns the output of an image encoder that it needs. */
  ImageInput imageInput();

  /**
   * Returns the family of the image encoder that published adapters were trained with, such as
   * {@code CLIP}; empty if it is not known.
   *
   * @param imageWidth the width of the encoder's output
   */
  default String encoderFamily(long imageWidth) {
    return imageInput() == ImageInput.NONE ? "" : EncoderNames.familyOf(imageWidth);
  }

  /** Returns the unconditional image input for guidance, as in the reference implementation. */
  default UnconditionalInput unconditionalInput() {
    return imageInput() == ImageInput.TOKENS
        ? UnconditionalInput.ZERO_PIXELS
        : UnconditionalInput.ZEROS;
  }

  /**
   * Returns the face embedding that it needs; empty if it needs none.
   *
   * @param contextWidth channels of the tokens: the context width of the base's attentions
   */
  default Optional<FaceInput> faceInput(long contextWidth) {
    return Optional.empty();
  }

  /**
   * Returns the detector of the method's authors, and which face of several they take; empty if
   * they need no face. This library finds faces by its own detectors, and takes the largest.
   */
  default String authorsDetector() {
    return "";
  }

  /** Returns the settings of their likeness that the authors' app fixes; empty if it has none. */
  default String fidelity() {
    return "";
  }

  /** Returns whether its adapters have a LoRA. */
  LoraPart loraPart();

  /**
   * Returns true if the method has two versions whose files have the same layout, so that the file
   * name or the user tells them apart.
   */
  default boolean hasVersions() {
    return false;
  }

  /** Returns true if no weight of the networks has this name: it is the LoRA's, or not used. */
  default boolean isReadApart(String name) {
    return FaceIdLoraFile.isKey(name) || Leftovers.isHarmless(name);
  }

  /**
   * Opens the LoRA in an adapter file or in a file beside it; takes ownership of {@code file}.
   *
   * @param base all attentions of the base
   * @param isWhole true if all attentions of the base must have a LoRA
   */
  default FaceIdLora openLora(
      TensorSource file, AdapterSites base, boolean isWhole, Compute compute) {
    return new FaceIdLora(file, sites(base), isWhole, compute);
  }

  /** Returns the settings of image prompts that the method does not have. */
  default Set<Setting> missingSettings() {
    return Set.of();
  }

  /** Returns the words for a person in prompts, given the user's words. */
  default String phrase(String words) {
    return words;
  }

  /**
   * Returns the method's ControlNet, which attends to the tokens of the references in place of the
   * prompt; empty if the method has none.
   */
  default Optional<OwnControlNet> controlNet() {
    return Optional.empty();
  }

  /**
   * Returns true if its tokens have the width of the image tokens that the base's attentions take.
   */
  default boolean usesContextWidth() {
    return true;
  }

  /** Returns the attentions of a base that it acts on; all by default. */
  default AdapterSites sites(AdapterSites all) {
    return all;
  }

  /** Returns the full name of the module that attention {@code t} of {@link #sites} adds to. */
  default String module(AdapterSites sites, int t) {
    return sites.attention(t);
  }

  /**
   * Reads the projection of an adapter.
   *
   * @param w the weights below {@code image_proj}
   * @param shortcutScale weight of the face image in the second version of a method; NaN for the
   *     first version
   */
  ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale);

  /** Opens an adapter with the weights of its file; the caller keeps ownership of them. */
  default Opened open(
      AdapterLayout layout, AdapterSites sites, LoadedWeights weights, Compute compute) {
    return new KeyValueAdapter(layout, sites, weights, compute);
  }

  /** The weights of an opened adapter. */
  interface Opened {
    /** Reads the weights that the constructor has not read, so that leftovers can be found. */
    default void readAll() {}

    /**
     * Returns what each attention attends to; by default the adapter acts on no attention. The
     * tensors belong to the calling scope.
     *
     * @param isUnconditional true for the unconditional input, with the references' shapes
     * @param shortcutScale as in {@link IdentityMethod#projection}
     */
    default TokenMemories memories(
        ReferenceEmbeddings references, boolean isUnconditional, double shortcutScale) {
      return (t, scale) -> {
        throw new IllegalStateException("the adapter acts on no attention");
      };
    }

    /**
     * Returns what is added behind the blocks of a base, for methods that act there and on no
     * attention; empty for others. The tensors belong to the calling scope.
     *
     * @param isUnconditional true for the unconditional input, with the references' shapes
     */
    default Optional<BlockTokens> blockTokens(
        ReferenceEmbeddings references, boolean isUnconditional) {
      return Optional.empty();
    }

    /**
     * Encodes a photo by the adapter's own encoder, [1, tokens, width]; the calling scope owns the
     * result.
     */
    default Tensor encode(RgbImage photo) {
      throw new IllegalStateException("the adapter has no image encoder of its own");
    }

    /**
     * Returns the change of the prompt; its tensors belong to the calling scope.
     *
     * @param weight 1 for the trained strength, 0 for no effect
     * @param start share of the steps after which it applies
     * @param end share of the steps after which it no longer applies
     */
    default PromptChange prompts(
        ReferenceEmbeddings references, double weight, double start, double end) {
      return PromptChange.NONE;
    }

    /**
     * Returns the tokens of the method's ControlNet, which belong to the calling scope; empty if it
     * has none.
     *
     * @param negative references that images should differ from; empty for the unconditional input
     */
    default Optional<ControlTokens> controlTokens(
        ReferenceEmbeddings references, Optional<ReferenceEmbeddings> negative) {
      return Optional.empty();
    }
  }

  /**
   * The settings of a method that hold if the user does not say them.
   *
   * @param weight the weight of the adapter; empty if the authors name none
   * @param start the share of the steps after which an image prompt applies
   */
  record Defaults(OptionalDouble weight, double start) {
    /** All steps, and no weight of the authors. */
    static final Defaults NONE = new Defaults(OptionalDouble.empty(), 0);

    /** The authors' weight in all steps. */
    public static Defaults ofWeight(double weight) {
      return new Defaults(OptionalDouble.of(weight), 0);
    }
  }

  /**
   * The ControlNet of a method.
   *
   * @param folder its published folder
   * @param scale the scale that the authors of the method use
   * @param isAlone true if the method acts through its ControlNet alone. The weight and the share
   *     of the steps of an image prompt then apply to the ControlNet, which is required
   */
  record OwnControlNet(String folder, double scale, boolean isAlone) {}

  /** A setting of an image prompt that not all methods have. */
  enum Setting {
    MASK("a mask"),
    NEGATIVE("negative references"),
    BLOCK_WEIGHTS("block weights"),
    REFERENCE_WEIGHTS("references of different weights");

    private final String title;

    Setting(String title) {
      this.title = title;
    }

    /** Returns its name for messages. */
    public String title() {
      return title;
    }
  }

  /** The output of an image encoder that an adapter uses. */
  enum ImageInput {
    NONE,
    POOLED,
    TOKENS,
    /** The output of an encoder in the adapter's own file. */
    OWN_ENCODER,
    /** The features of an aligned face, read by a face parser and a vision tower. */
    FACE_FEATURES
  }

  /** The input of an adapter in training for "no image". */
  enum UnconditionalInput {
    /** Zeros instead of the encoder's output. */
    ZEROS,
    /** The encoder's output for an input of zeros. */
    ZERO_PIXELS,
    /** The encoder's output for a black image. */
    BLACK
  }

  /** Whether the adapters of a method have a LoRA. */
  enum LoraPart {
    /** They have none. */
    NONE,
    /** A file may have one. */
    OPTIONAL,
    /** They were trained together with one. */
    REQUIRED
  }

  /**
   * The face embedding that a method needs.
   *
   * @param isRaw true if the embedding is not normalised to unit length
   * @param side side in pixels of the aligned faces that the method was trained with;
   *     {@link #WHOLE_PHOTO} if it takes the photo as it is
   * @param recogniser the face embedder that published adapters were trained with
   */
  record FaceInput(boolean isRaw, int side, Recogniser recogniser) {
    /** The side of a face that is aligned as FFHQ's images, of which features are read. */
    public static final int FFHQ = 512;

    /** The side for a method that takes the whole photo. */
    public static final int WHOLE_PHOTO = 0;

    private static final int XL_CONTEXT = 2048;

    /** FaceID's input: faces of 256 pixels for SDXL, else of 224 pixels. */
    public static FaceInput of(boolean isRaw, long contextWidth) {
      return new FaceInput(isRaw, contextWidth == XL_CONTEXT ? 256 : 224, Recogniser.BUFFALO_L);
    }

    /** Returns the image of a face that a reference has. */
    public RgbImage image(RgbImage photo, Face face) {
      return image(photo, face, side);
    }

    /** Returns the image of a face for this side. */
    public static RgbImage image(RgbImage photo, Face face, int side) {
      return switch (side) {
        case WHOLE_PHOTO -> photo;
        case FFHQ -> FaceCrop.FFHQ_512.of(photo, face);
        default -> FaceCrop.normTemplate(side).align(photo, face);
      };
    }
  }
}
