package dev.likeness.ipadapter;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import java.util.List;
import java.util.Optional;

/**
 * Reference images as an image prompt of an adapter, with its strength. Part of a request:
 * {@code request.adapter(ada.at(0.8))}. Immutable and thread-safe; setters return a changed copy.
 */
public final class ImagePrompt implements Identity {
  private final IpAdapter adapter;
  private final ReferenceEmbeddings references;
  private final Settings settings;
  private final Consent consent;

  /**
   * How references are drawn.
   *
   * @param negative what the images are to be unlike, or null for nothing
   * @param start share of the steps after which it begins to count, 0 to 1
   * @param end share of the steps after which it no longer counts
   * @param mask white where it counts, or null for everywhere
   * @param shortcutScale how much FaceID-Plus v2 looks at the image of the face
   * @param loraScale strength of FaceID's LoRA
   * @param phrase what prompts call it
   */
  record Settings(
      ReferenceEmbeddings negative,
      double start,
      double end,
      BlockWeights blockWeights,
      RgbImage mask,
      double shortcutScale,
      double loraScale,
      String phrase) {
    static final Settings DEFAULT =
        new Settings(null, 0, 1, BlockWeights.LINEAR, null, 1, 1, "person");

    Settings {
      if (!(0 <= start && start < end && end <= 1)) {
        throw new IllegalArgumentException("an image prompt counts from " + start + " to " + end
            + " of the steps; both must lie in 0..1, the first below the second");
      }
      if (!Double.isFinite(shortcutScale) || !Double.isFinite(loraScale)) {
        throw new IllegalArgumentException(
            "shortcut " + shortcutScale + ", LoRA " + loraScale + ": both must be finite numbers");
      }
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
    return new ImagePrompt(adapter, references, Settings.DEFAULT, null);
  }

  /**
   * The references as the adapter sees them: to be kept, so that they need not be encoded again.
   */
  public ReferenceEmbeddings references() {
    return references;
  }

  /**
   * All references as one, the mean of what the adapter sees; without this, their tokens stand side
   * by side.
   */
  public ImagePrompt withAveragedReferences() {
    return new ImagePrompt(adapter, references.averaged(), settings, consent);
  }

  /**
   * What the images are to be unlike; it takes the place of "no image" beside the negative prompt.
   */
  public ImagePrompt negative(List<Reference> unlike) {
    return negative(adapter.embed(unlike));
  }

  /** The same from references that were encoded before. */
  public ImagePrompt negative(ReferenceEmbeddings unlike) {
    adapter.require(unlike);
    unlike.origin().require("the prompt that they are beside", references.origin());
    return withSettings(new Settings(
        unlike,
        settings.start,
        settings.end,
        settings.blockWeights,
        settings.mask,
        settings.shortcutScale,
        settings.loraScale,
        settings.phrase));
  }

  /**
   * Counts in this share of the sampling steps only, from {@code start} to just before {@code end},
   * both in 0..1.
   */
  public ImagePrompt between(double start, double end) {
    return withSettings(new Settings(
        settings.negative,
        start,
        end,
        settings.blockWeights,
        settings.mask,
        settings.shortcutScale,
        settings.loraScale,
        settings.phrase));
  }

  /** Counts more in some of the base's blocks than in others. */
  public ImagePrompt blockWeights(BlockWeights weights) {
    return withSettings(new Settings(
        settings.negative,
        settings.start,
        settings.end,
        weights,
        settings.mask,
        settings.shortcutScale,
        settings.loraScale,
        settings.phrase));
  }

  /** Counts where {@code white} is white; it is stretched to the image's size. */
  public ImagePrompt mask(RgbImage white) {
    return withSettings(new Settings(
        settings.negative,
        settings.start,
        settings.end,
        settings.blockWeights,
        white,
        settings.shortcutScale,
        settings.loraScale,
        settings.phrase));
  }

  /** How much FaceID-Plus v2 looks at the image of the face, beside its numbers; 1 usually. */
  public ImagePrompt shortcutScale(double factor) {
    return withSettings(new Settings(
        settings.negative,
        settings.start,
        settings.end,
        settings.blockWeights,
        settings.mask,
        factor,
        settings.loraScale,
        settings.phrase));
  }

  /**
   * The strength of FaceID's LoRA, whatever the weight; 1 usually. Of several prompts of one
   * adapter in a request the first says it for all: the LoRA acts once.
   */
  public ImagePrompt loraScale(double strength) {
    return withSettings(new Settings(
        settings.negative,
        settings.start,
        settings.end,
        settings.blockWeights,
        settings.mask,
        settings.shortcutScale,
        strength,
        settings.phrase));
  }

  /** What prompts call it, such as {@code woman}; {@code person} unless said. */
  public ImagePrompt withPhrase(String phrase) {
    return withSettings(new Settings(
        settings.negative,
        settings.start,
        settings.end,
        settings.blockWeights,
        settings.mask,
        settings.shortcutScale,
        settings.loraScale,
        phrase));
  }

  /**
   * This at a weight: 1 as the adapter was trained, less for less of it; 0 adds nothing at all.
   *
   * @throws IllegalArgumentException when the weight is not a finite number
   */
  @Override
  public Adapter at(double weight) {
    if (!Double.isFinite(weight)) {
      throw new IllegalArgumentException(
          "an image prompt's weight must be a finite number, not " + weight);
    }
    return new PromptAdapter(adapter, references, settings, weight);
  }

  @Override
  public String phrase() {
    return settings.phrase;
  }

  /** Who agreed to what; empty unless {@link #withConsent} said. */
  @Override
  public Optional<Consent> consent() {
    return Optional.ofNullable(consent);
  }

  @Override
  public ImagePrompt withConsent(Consent other) {
    return new ImagePrompt(adapter, references, settings, other);
  }

  private ImagePrompt withSettings(Settings other) {
    return new ImagePrompt(adapter, references, other, consent);
  }
}
