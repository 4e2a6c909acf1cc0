package dev.likeness.ipadapter;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Encoded reference images with the settings of their use. A request uses an image prompt as an
 * adapter: {@code request.adapter(ada.at(0.8))}. Immutable and thread-safe; methods that change
 * settings return a changed copy.
 */
public final class ImagePrompt implements Identity {
  private final IpAdapter adapter;
  private final ReferenceEmbeddings references;
  private final Settings settings;
  private final Consent consent;

  /**
   * The settings of an image prompt.
   *
   * @param negative references that images should differ from, or null for none
   * @param start share of the steps after which the prompt starts to apply, 0 to 1
   * @param end share of the steps after which the prompt no longer applies, above start, up to 1
   * @param blockWeights weights of the base's blocks
   * @param mask white where the prompt applies, or null for everywhere
   * @param shortcutScale weight of the face image of FaceID-Plus v2
   * @param loraScale weight of FaceID's LoRA
   * @param phrase how prompts name the person
   * @param control the control image whose ControlNet attends to the references; null for none
   */
  record Settings(
      @Nullable ReferenceEmbeddings negative,
      double start,
      double end,
      BlockWeights blockWeights,
      @Nullable RgbImage mask,
      double shortcutScale,
      double loraScale,
      String phrase,
      @Nullable ControlImage control) {
    /** The settings of a prompt that applies after a share of the steps. */
    static Settings from(double start) {
      return new Settings(null, start, 1, BlockWeights.LINEAR, null, 1, 1, "person", null);
    }

    Settings withControl(ControlImage other) {
      return new Settings(
          negative, start, end, blockWeights, mask, shortcutScale, loraScale, phrase, other);
    }

    Settings {
      if (!(0 <= start && start < end && end <= 1)) {
        throw new IllegalArgumentException(
            "an image prompt must start and end in 0..1, with the start below the end, got " + start
                + " to " + end);
      }
      if (!Float.isFinite((float) shortcutScale) || !Float.isFinite((float) loraScale)) {
        throw new IllegalArgumentException(
            "the shortcut scale and the LoRA scale of an image prompt"
                + " must be numbers from -3.4e38 to 3.4e38, got " + shortcutScale + " and "
                + loraScale);
      }
    }
  }

  /** The settings of a changed copy, in which a method sets those that it changes. */
  private static final class Draft {
    private @Nullable ReferenceEmbeddings negative;
    private double start;
    private double end;
    private BlockWeights blockWeights;
    private @Nullable RgbImage mask;
    private double shortcutScale;
    private double loraScale;
    private String phrase;
    private @Nullable ControlImage control;

    private Draft(Settings settings) {
      negative = settings.negative;
      start = settings.start;
      end = settings.end;
      blockWeights = settings.blockWeights;
      mask = settings.mask;
      shortcutScale = settings.shortcutScale;
      loraScale = settings.loraScale;
      phrase = settings.phrase;
      control = settings.control;
    }

    private Settings settings() {
      return new Settings(
          negative, start, end, blockWeights, mask, shortcutScale, loraScale, phrase, control);
    }
  }

  private ImagePrompt(
      IpAdapter adapter, ReferenceEmbeddings references, Settings settings, Consent consent) {
    this.adapter = adapter;
    this.references = references;
    this.settings = settings;
    this.consent = consent;
  }

  static ImagePrompt of(IpAdapter adapter, ReferenceEmbeddings references) {
    adapter.require(references);
    return new ImagePrompt(
        adapter, references, Settings.from(adapter.layout().method().defaults().start()), null);
  }

  /**
   * Returns the encoded references. They can be saved, so that the photos need not be encoded
   * again.
   *
   * @return the embeddings, which are biometric data
   */
  public ReferenceEmbeddings references() {
    return references;
  }

  /**
   * Returns a prompt that uses the mean of all references. By default the tokens of all references
   * are concatenated.
   *
   * @return a changed copy
   */
  public ImagePrompt withAveragedReferences() {
    return new ImagePrompt(adapter, references.averaged(), settings, consent);
  }

  /**
   * Returns a prompt with negative references: generated images become less similar to these
   * references. The negative references replace the unconditional image input of classifier-free
   * guidance.
   *
   * @param unlike the negative references, at least one
   * @return a changed copy
   * @throws IllegalArgumentException if there is no reference, or one lacks an input that the
   *     adapter needs
   * @throws dev.likeness.diffusion.error.InvalidInputException if a face embedding is not
   *     normalised as the adapter needs, or if the negative references name another face embedder
   *     than this prompt's references
   */
  public ImagePrompt negative(List<Reference> unlike) {
    return negative(adapter.embed(unlike));
  }

  /**
   * Returns a prompt with encoded negative references: generated images become less similar to
   * these references.
   *
   * @param unlike negative references that the prompt's IP-Adapter encoded
   * @return a changed copy
   * @throws dev.likeness.diffusion.error.InvalidInputException if the embeddings name another image
   *     encoder or face embedder than this prompt's references
   * @throws IllegalArgumentException if the embeddings have other shapes than the adapter needs
   */
  public ImagePrompt negative(ReferenceEmbeddings unlike) {
    adapter.require(unlike);
    unlike.origin().require("the image prompt that uses them as negatives", references.origin());
    return with(draft -> draft.negative = unlike);
  }

  /**
   * Returns a prompt that applies during a part of the sampling steps. The LoRA of a FaceID adapter
   * applies in all steps.
   *
   * @param start share of the steps after which the prompt starts to apply, 0 to 1
   * @param end share of the steps after which the prompt no longer applies, above start, up to 1
   * @return a changed copy
   * @throws IllegalArgumentException if start or end is out of range, or start is not below end
   */
  public ImagePrompt between(double start, double end) {
    return with(draft -> {
      draft.start = start;
      draft.end = end;
    });
  }

  /**
   * Returns a prompt with a weight for each block of the base.
   *
   * @param weights a preset, or weights by block path
   * @return a changed copy
   */
  public ImagePrompt blockWeights(BlockWeights weights) {
    return with(draft -> draft.blockWeights = weights);
  }

  /**
   * Returns a prompt that applies inside a mask.
   *
   * @param white a mask of any size, white where the prompt applies; it is resized to the image
   * @return a changed copy
   */
  public ImagePrompt mask(RgbImage white) {
    return with(draft -> draft.mask = white);
  }

  /**
   * Returns a prompt that applies inside a box. For several people in one image, give each person
   * the own box. Edges are rounded to 1/1024 of the image.
   *
   * @param x left edge as a share of the image's width, 0 to 1
   * @param y top edge as a share of the image's height, 0 to 1
   * @param width width as a share of the image's width, above 0; the box ends inside the image
   * @param height height as a share of the image's height, above 0
   * @return a changed copy, whose box replaces a {@link #mask}
   * @throws IllegalArgumentException if the box is empty or not inside the image
   */
  public ImagePrompt box(double x, double y, double width, double height) {
    return mask(BoxMask.of(x, y, width, height));
  }

  /**
   * Returns a copy of this prompt with the given weight for the face image in FaceID-Plus v2.
   *
   * @param factor a number that is finite as a {@code float}; 1 by default
   * @return a changed copy
   * @throws IllegalArgumentException if the number is not finite as a {@code float}
   */
  public ImagePrompt shortcutScale(double factor) {
    return with(draft -> draft.shortcutScale = factor);
  }

  /**
   * Returns a copy of this prompt with the given weight of FaceID's LoRA. If the weight given to
   * {@link #at} is 0, the LoRA is off. Any other weight given to {@link #at} leaves the effect of
   * the LoRA unchanged. If a request has several prompts of one adapter, the LoRA weight of the
   * first prompt applies.
   *
   * @param strength a number that is finite as a {@code float}; 1 by default
   * @return a changed copy
   * @throws IllegalArgumentException if the number is not finite as a {@code float}
   */
  public ImagePrompt loraScale(double strength) {
    return with(draft -> draft.loraScale = strength);
  }

  /**
   * Returns a copy of this prompt with the given phrase for the person.
   *
   * @param phrase the words for the person in prompts, such as {@code woman}; {@code person} by
   *     default
   * @return a changed copy
   */
  public ImagePrompt withPhrase(String phrase) {
    return with(draft -> draft.phrase = phrase);
  }

  /**
   * Returns a prompt with the control image of the method's ControlNet, which attends to the
   * references in place of the words of the prompt. The control image shows the five keypoints of
   * the face.
   *
   * <p>For InstantID, the scale and the share of the steps of the control image apply; the weight
   * given to {@link #at} and the mask do not. InfiniteYou acts through its ControlNet alone: the
   * scale is multiplied by the weight given to {@link #at}, and the ControlNet acts in the steps of
   * both shares. Its control image may be black, so that the prompt sets the pose.
   *
   * @param keypoints the control image, with the method's ControlNet; the caller keeps ownership of
   *     the ControlNet
   * @return a changed copy
   * @throws IllegalArgumentException if the adapter has no ControlNet that attends to references
   */
  public ImagePrompt withControl(ControlImage keypoints) {
    if (adapter.layout().method().controlNet().isEmpty()) {
      throw new IllegalArgumentException(adapter.describe() + " is "
          + adapter.layout().method().named()
          + ", which has no ControlNet of its own; give the control image to the request:"
          + " ImageRequest.controlImage");
    }
    return with(draft -> draft.control = keypoints);
  }

  /**
   * Returns an adapter that applies this prompt with a weight.
   *
   * @param weight 1 for the trained strength, 0 for no effect
   * @return the adapter for requests; keep the IP-Adapter open while requests use it
   * @throws IllegalArgumentException if the weight is not finite as a {@code float}, or if the
   *     method acts through its ControlNet alone and {@link #withControl} was not called
   */
  @Override
  public Adapter at(double weight) {
    if (!Float.isFinite((float) weight)) {
      throw new IllegalArgumentException(
          "an image prompt's weight must be a number from -3.4e38 to 3.4e38, got " + weight);
    }
    requireSettings();
    if (weight != 0) {
      requireControl();
    }
    return new PromptAdapter(adapter, references, settings, weight);
  }

  private void requireControl() {
    IdentityMethod method = adapter.layout().method();
    method.controlNet().filter(net -> net.isAlone() && settings.control == null).ifPresent(net -> {
      throw new IllegalArgumentException(adapter.describe() + " is " + method.named()
          + ", which acts through its ControlNet alone, but no control image was given; give"
          + " its folder " + net.folder() + " with --identity-controlnet FOLDER (in Java, call"
          + " ImagePrompt.withControl)");
    });
  }

  private void requireSettings() {
    IdentityMethod method = adapter.layout().method();
    Set<IdentityMethod.Setting> used = EnumSet.noneOf(IdentityMethod.Setting.class);
    if (settings.mask != null) {
      used.add(IdentityMethod.Setting.MASK);
    }
    if (settings.negative != null) {
      used.add(IdentityMethod.Setting.NEGATIVE);
    }
    if (!settings.blockWeights.equals(BlockWeights.LINEAR)) {
      used.add(IdentityMethod.Setting.BLOCK_WEIGHTS);
    }
    if (references.weights().stream().distinct().count() > 1) {
      used.add(IdentityMethod.Setting.REFERENCE_WEIGHTS);
    }
    used.retainAll(method.missingSettings());
    used.stream().findFirst().ifPresent(setting -> {
      throw new IllegalArgumentException(adapter.describe() + " is " + method.named()
          + ", which does not support " + setting.title() + "; leave this setting out");
    });
  }

  @Override
  public String phrase() {
    return adapter.layout().method().phrase(settings.phrase);
  }

  /** {@return the consent; empty if {@link #withConsent} was not called} */
  @Override
  public Optional<Consent> consent() {
    return Optional.ofNullable(consent);
  }

  @Override
  public ImagePrompt withConsent(Consent other) {
    return new ImagePrompt(adapter, references, settings, other);
  }

  private ImagePrompt with(Consumer<Draft> change) {
    Draft draft = new Draft(settings);
    change.accept(draft);
    return new ImagePrompt(adapter, references, draft.settings(), consent);
  }
}
