package dev.likeness.headshots.internal.generation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.PhotoPerson;
import dev.likeness.headshots.person.ReferencePhotos;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.shoot.Upscaler;
import dev.likeness.headshots.style.Style;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Generates the headshots of a shoot, style by style. Sizes above 1.5 times the base's own are
 * generated at the base's size and enlarged.
 */
public record HeadshotGenerator(
    BaseModel base,
    Identity person,
    ShootRequest request,
    Upscaler upscaler,
    UnaryOperator<ImageRequest> watched) {
  // Of face guidance, for each byte of a number: measured on the embedded base.
  private static final long GUIDANCE_PER_PIXEL = 1000;
  // In a transformer as wide as FLUX's, in f32, in which 256 pixels are one token.
  private static final long BYTES_PER_REFERENCE_PIXEL = 2000;
  // For the whole image, while it is enlarged: as latents, as floats, as bytes.
  private static final long COPIES = 96;
  private static final long CHANNELS = 3;

  /** Refuses styles, sizes and steps that {@code base} does not support. */
  public static void requireCompatible(ShootRequest request, BaseModel base) {
    int size = request.size().orElse(0);
    int steps = request.steps();
    request.styles().forEach(style -> style.requireCompatible(base));
    TiledUpscale.requireValidSize(base, size);
    boolean whole = size != 0 && !TiledUpscale.isNeeded(base, size);
    try {
      ImageRequest plain = ImageRequest.of("").steps(steps);
      base.validate(whole ? plain.size(size, size) : plain);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(
          base.name() + " cannot generate with the number of steps " + steps
              + (whole ? " and the size " + size : "") + ": " + e.getMessage()
              + "; choose another number of steps" + (whole ? " or another size" : ""),
          e);
    }
  }

  /** Estimates the memory of a shoot in bytes: one generation, decoding, and all images. */
  public static long memoryBytes(ShootRequest request, BaseModel base) {
    int size = request.size().orElse(0);
    return memoryBytes(size, size, request.count() * request.styles().size(), base);
  }

  /**
   * The estimated bytes of images and the autoencoder's weights; a side of 0 means the base's own.
   */
  public static long memoryBytes(int givenWidth, int givenHeight, int count, BaseModel base) {
    int width = givenWidth == 0 ? base.defaults().width() : givenWidth;
    int height = givenHeight == 0 ? base.defaults().height() : givenHeight;
    long pixels = (long) width * height;
    int number = base.compute().dtype().bits() / Byte.SIZE;
    // Through windows, no more is generated at once than the base can generate directly.
    long mostWidth = (long) (TiledUpscale.MAX_UNTILED_SCALE * base.defaults().width());
    long mostHeight = (long) (TiledUpscale.MAX_UNTILED_SCALE * base.defaults().height());
    boolean whole = pixels <= mostWidth * mostHeight;
    long sampledWidth = whole ? width : mostWidth;
    long sampledHeight = whole ? height : mostHeight;
    return EngineAccess.engine(base).activations().sampling(number, sampledWidth, sampledHeight, 2)
        + GUIDANCE_PER_PIXEL * number * sampledWidth * sampledHeight
        + EngineAccess.model(base).autoencoder().decodingMemory(width, height)
        + COPIES * pixels
        + CHANNELS * pixels * count;
  }

  /** Generates the shoot; {@code each} gets each headshot as soon as it is generated. */
  public Shoot generate(Consumer<Headshot> each, Run run) {
    requireCompatible(request, base);
    if (showsImages(person.at(request.identityStrength()))) {
      ReferencePhotos.requireEditing(base);
    }
    if (needsUpscaling()) {
      Inpainting.WholeImage.require(
          List.of(person.at(request.identityStrength())),
          "an image of " + request.size().getAsInt() + " pixels");
    }
    List<Headshot> headshots = new ArrayList<>();
    for (Style style : request.styles()) {
      for (int i = 0; i < request.count(); i++) {
        ImageRequest ask =
            imageRequest(style, request.variant() + i).seed(request.seed() + headshots.size());
        GeneratedImage image = base.generate(watched.apply(ask), run);
        // Without the hooks of previews, which end with this image.
        ImageRequest made = image.request().hooks(ask.hooks());
        RgbImage pixels = resize(image, made, run);
        headshots.add(new Headshot(
            style.convertColours(pixels),
            style,
            image.seed(),
            made.size(pixels.width(), pixels.height()),
            request.identityStrength()));
        // A finished headshot is worth its delivery, also if the rest is cancelled.
        CurrentWork.finish(() -> each.accept(headshots.get(headshots.size() - 1)));
      }
    }
    return new Shoot(request, headshots);
  }

  private RgbImage resize(GeneratedImage image, ImageRequest made, Run run) {
    return needsUpscaling()
        ? TiledUpscale.upscale(
            base,
            made,
            image.image(),
            request.size().getAsInt(),
            request.size().getAsInt(),
            upscaler,
            run)
        : image.image();
  }

  /** Returns true if the images are larger than the base can generate directly. */
  private boolean needsUpscaling() {
    return TiledUpscale.isNeeded(base, request.size().orElse(0));
  }

  private ImageRequest imageRequest(Style style, int index) {
    Adapter adapter = person.at(request.identityStrength());
    // Without a size, a request with reference images would take the size of the first one.
    boolean own = needsUpscaling() || request.size().isEmpty() && showsImages(adapter);
    String prompt = EngineAccess.extras(base).photographs()
        ? style.photographicPrompt(person.phrase(), index)
        : style.prompt(person.phrase(), index);
    String negative = PersonRecord.SharedLight.of(person).negativePrompt(style.negative(), prompt);
    ImageRequest asked = withGuidance(
        request.imageRequest(PhotoPerson.of(person).instruction() + prompt, style), base);
    ImageRequest prompted = negative.isEmpty()
        ? asked.prompts(asked.prompts().withoutNegative())
        : asked.negative(negative);
    if (own) {
      int width = base.defaults().width();
      prompted = prompted.size(width, needsUpscaling() ? width : base.defaults().height());
    } else if (request.size().isPresent()) {
      prompted = prompted.size(request.size().getAsInt(), request.size().getAsInt());
    }
    return prompted.adapter(adapter);
  }

  private static boolean showsImages(Adapter adapter) {
    return adapter.components().stream()
        .anyMatch(one -> !one.referenceImages().images().isEmpty());
  }

  /** Estimates the additional memory of a person's reference images in bytes. */
  public static long referenceBytes(Identity person) {
    return referenceBytes(PhotoPerson.of(person).people().stream()
        .flatMap(one -> one.images().stream())
        .toList());
  }

  /** Estimates the additional memory of reference images in bytes. */
  public static long referenceBytes(List<RgbImage> images) {
    return images.stream()
        .mapToLong(image -> BYTES_PER_REFERENCE_PIXEL * image.width() * image.height())
        .sum();
  }

  /** The same request with the default guidance scale for a person, if it has none. */
  static ImageRequest withGuidance(ImageRequest request, BaseModel base) {
    return request.guidance().isEmpty() ? request.guidance(ShootRequest.guidance(base)) : request;
  }
}
