package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.Capabilities.SizeInputs;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.PromptOptions.EncoderPrompts;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.request.SizeConditioning;
import dev.likeness.diffusion.request.SizeOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options for size conditioning, and for a refiner that samples the last steps. */
@Command(optionListHeading = "Size conditioning and refiner")
final class RefinerOptions {
  /** Where diffusers' documentation divides the steps. */
  private static final double SPLIT = 0.8;

  /** Diffusers' default aesthetic score of negative prompts. */
  private static final double NEGATIVE_SCORE = 2.5;

  @Option(
      names = "--original-size",
      paramLabel = "WxH",
      converter = SizeParser.class,
      description = "size conditioning, for bases that take it: size in pixels before scaling "
          + "(default: the image's)")
  private Size original;

  @Option(
      names = "--crop-top-left",
      paramLabel = "TOP,LEFT",
      converter = CornerParser.class,
      description =
          "size conditioning: rows cropped at the top, and columns at the left (default: " + "0,0)")
  private Size corner;

  @Option(
      names = "--target-size",
      paramLabel = "WxH",
      converter = SizeParser.class,
      description = "size conditioning: size in pixels after cropping (default: the image's)")
  private Size target;

  @Option(
      names = "--negative-original-size",
      paramLabel = "WxH",
      converter = SizeParser.class,
      description = "--original-size for the negative prompt (default: --original-size)")
  private Size negativeOriginal;

  @Option(
      names = "--negative-crop-top-left",
      paramLabel = "TOP,LEFT",
      converter = CornerParser.class,
      description = "--crop-top-left for the negative prompt (default: 0,0 with "
          + "--negative-original-size or --negative-target-size, otherwise --crop-top-left)")
  private Size negativeCorner;

  @Option(
      names = "--negative-target-size",
      paramLabel = "WxH",
      converter = SizeParser.class,
      description = "--target-size for the negative prompt (default: --target-size)")
  private Size negativeTarget;

  @PathUse(Use.READ)
  @ModelFile(Role.BASE)
  @Option(
      names = "--refiner",
      paramLabel = "BASE",
      description = "refiner: a folder or file of a model that samples the last steps, from the "
          + "base's latents. LoRAs, reference images and control images act on the base only")
  private Path refiner;

  @NumberRange(min = 0, max = 1)
  @Option(
      names = "--denoising-start",
      paramLabel = "X",
      defaultValue = "0",
      description =
          "share of the training timesteps, 0..1, that another model has sampled in --init "
              + "(default: ${DEFAULT-VALUE})")
  private double start;

  @NumberRange(min = 0, max = 1)
  @Option(
      names = "--denoising-end",
      paramLabel = "X",
      description = "share of the training timesteps, 0..1, after which the base stops; --refiner "
          + "continues there (default: 0.8 with --refiner, otherwise 1)")
  private Double end;

  @NumberRange
  @Option(
      names = "--aesthetic-score",
      paramLabel = "X",
      description = "aesthetic score that a refiner gets, about 1 to 10 (default: 6)")
  private Double score;

  @NumberRange
  @Option(
      names = "--negative-aesthetic-score",
      paramLabel = "X",
      description = "aesthetic score of the negative prompt (default: 2.5)")
  private Double negativeScore;

  /** Returns true if --refiner is given. */
  boolean isGiven() {
    return refiner != null;
  }

  /**
   * Returns the request of the base.
   *
   * @throws IllegalArgumentException if the options exclude each other
   */
  ImageRequest apply(ImageRequest request, BaseModel base) {
    double last = end == null ? isGiven() ? SPLIT : 1 : end;
    if (isGiven() && !(last > start && last < 1)) {
      throw new IllegalArgumentException("with --refiner, --denoising-end must be above"
          + " --denoising-start and below 1, got " + last
          + "; the refiner samples the steps after --denoising-end");
    }
    boolean masked = request.initialImage().flatMap(InitialImage::mask).isPresent();
    if (isGiven() && (masked || request.hires().isPresent())) {
      throw new IllegalArgumentException("--refiner excludes --mask, --change-map, --extend and"
          + " --hires; use the refiner as --base on the finished image");
    }
    requireSameFamily(base);
    ImageRequest sized = withSizes(request).denoisingRange(start, last);
    return isGiven() ? sized : scored(sized, base);
  }

  // The refiner is opened after the base has sampled, so its files are looked at before.
  private void requireSameFamily(BaseModel base) {
    if (isGiven()) {
      String own = EngineAccess.model(base).family().id();
      String other = FamilyRegistry.of(ModelOpener.open(refiner)).id();
      if (!own.equals(other)) {
        throw new InvalidInputException(refiner + " is a model of the family " + other
            + ", but the base is of the family " + own + "; give a refiner of the base's family");
      }
    }
  }

  private ImageRequest withSizes(ImageRequest request) {
    if (original == null
        && corner == null
        && target == null
        && negativeOriginal == null
        && negativeCorner == null
        && negativeTarget == null) {
      return request;
    }
    SizeConditioning positive = sizes(original, corner, target);
    boolean same = negativeOriginal == null && negativeCorner == null && negativeTarget == null;
    return same
        ? request.sizeConditioning(positive)
        : request.sizeConditioning(
            positive,
            sizes(
                negativeOriginal == null ? original : negativeOriginal,
                negativeCorner,
                negativeTarget == null ? target : negativeTarget));
  }

  private static SizeConditioning sizes(Size original, Size corner, Size target) {
    SizeConditioning sizes = SizeConditioning.DEFAULT;
    sizes = original == null ? sizes : sizes.originalSize(original.first(), original.second());
    sizes = corner == null ? sizes : sizes.cropTopLeft(corner.second(), corner.first());
    return target == null ? sizes : sizes.targetSize(target.first(), target.second());
  }

  /** Sets the aesthetic scores of a request for a model that takes them; others refuse them. */
  private ImageRequest scored(ImageRequest request, BaseModel model) {
    boolean takes = EngineAccess.model(model)
        .capability(SizeInputs.class)
        .filter(SizeInputs::aestheticScore)
        .isPresent();
    SizeConditioning positive = request.sizeConditioning();
    SizeConditioning negative = request.negativeSizeConditioning().orElse(null);
    if (takes && (negative != null || negativeScore != null)) {
      negative = (negative == null ? positive.cropTopLeft(0, 0) : negative)
          .aestheticScore(negativeScore == null ? NEGATIVE_SCORE : negativeScore);
    } else if (negativeScore != null) {
      negative = positive.aestheticScore(negativeScore);
    }
    SizeConditioning scored = score == null ? positive : positive.aestheticScore(score);
    return negative == null
        ? request.sizeConditioning(scored)
        : request.sizeConditioning(scored, negative);
  }

  /**
   * Continues the images of the base with the refiner, and passes each finished one to
   * {@code each}.
   *
   * @param request the request of the base
   * @param begun the base's images, whose latents are still noisy
   */
  void refine(
      ImageRequest request,
      List<GeneratedImage> begun,
      BaseOptions base,
      BaseOptions.MemoryOptions memory,
      Consumer<GeneratedImage> each,
      Console console) {
    ImageRequest rest = request
        .adapters(List.of())
        .controlImages(List.of())
        .hooks(GenerationHooks.NONE)
        .prompts(request.prompts().encoderPrompts(EncoderPrompts.NONE))
        .sizeOptions(new SizeOptions(
            OptionalInt.empty(),
            OptionalInt.empty(),
            request.sizeConditioning(),
            request.negativeSizeConditioning()))
        .count(1)
        .denoisingRange(request.denoisingEnd(), 1);
    try (BaseModel model = memory.open(base, refiner, request, console)) {
      for (GeneratedImage image : begun) {
        ImageRequest own =
            scored(rest, model).seed(image.seed()).initialImage(InitialImage.of(image.latents()));
        model.generateEach(
            List.of(own),
            refined -> each.accept(new GeneratedImage(
                refined.image(),
                refined.seed(),
                refined.request(),
                refined.latents(),
                refined.pixels(),
                image.isEdited(),
                Optional.of(image.request()))),
            new Run(ConsoleProgress.on(console), console.cancellation()));
      }
    }
  }

  /**
   * Two numbers of pixels.
   *
   * @param first the width, or the rows at the top
   * @param second the height, or the columns at the left
   */
  record Size(int first, int second) {
    static Size parse(String text, String separator, String expected) {
      String[] sides = text.strip().split(separator, -1);
      try {
        if (sides.length == 2) {
          return new Size(Integer.parseInt(sides[0].strip()), Integer.parseInt(sides[1].strip()));
        }
      } catch (NumberFormatException e) {
        // Reported below.
      }
      throw new TypeConversionException("'" + text + "' is not " + expected);
    }
  }

  /** Parses a size. */
  static final class SizeParser implements ITypeConverter<Size> {
    @Override
    public Size convert(String text) {
      Size size = Size.parse(text, "[xX]", "a size, such as 1024x768 (width, height)");
      if (size.first() < 1 || size.second() < 1) {
        throw new TypeConversionException("'" + text + "' is not a size of at least 1x1");
      }
      return size;
    }
  }

  /** Parses the corner of a crop. */
  static final class CornerParser implements ITypeConverter<Size> {
    @Override
    public Size convert(String text) {
      return Size.parse(text, ",", "a corner, such as 0,64 (rows at the top, columns at the left)");
    }
  }
}
