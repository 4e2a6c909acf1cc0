package dev.likeness.headshots.internal.generation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.image.Mask;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Upscaler;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadCrop;
import java.util.ArrayList;
import java.util.List;

/**
 * Inpaints a part of an image: masked image-to-image at a size that the base supports, then
 * enlarged like the images of a shoot.
 *
 * @param base the base model
 * @param request the request with the person's adapter; its size is replaced
 * @param upscaler enlarges images that are larger than the base can generate directly
 */
public record Inpainting(BaseModel base, ImageRequest request, Upscaler upscaler) {
  /**
   * Inpaints the white part of a mask, and returns an image of the same size. The other part
   * changes a little, too; the caller pastes by the mask.
   *
   * @param strength denoising strength, 0 to 1
   */
  RgbImage inpaint(RgbImage image, RgbImage mask, double strength, Run run) {
    int most = (int) (TiledUpscale.MAX_UNTILED_SCALE * base.defaults().width());
    TiledUpscale.requireTiledSampling(base, Math.max(image.width(), image.height()));
    if (most < Math.max(image.width(), image.height())) {
      WholeImage.require(request.adapters(), "editing an image this large");
    }
    int unit = Math.max(
        EngineAccess.model(base).autoencoder().vaeScaleFactor(), base.defaults().width() / 8);
    double longer = Math.max(image.width(), image.height());
    double scale = longer < base.defaults().width()
        ? base.defaults().width() / longer
        : Math.min(1, most / longer);
    int width = roundToMultiple(scale * image.width(), unit);
    int height = roundToMultiple(scale * image.height(), unit);
    ImageRequest over = request
        .size(width, height)
        .steps(steps(base, request))
        .initialImage(InitialImage.of(resize(image, width, height))
            .strength(Math.max(strength, 1.5 / steps(base, request)))
            .mask(resize(mask, width, height))
            .pasteUnmasked(false));
    RgbImage small = base.generate(over, run).image();
    RgbImage large = scale >= 1
        ? small
        : TiledUpscale.upscale(
            base,
            request,
            small,
            roundToMultiple(image.width(), unit),
            roundToMultiple(image.height(), unit),
            upscaler,
            run);
    return resize(large, image.width(), image.height());
  }

  /** A request with the prompts, steps, guidance and seed of another one, and nothing else. */
  static ImageRequest sameSettings(ImageRequest request) {
    ImageRequest same = ImageRequest.of(request.prompt()).seed(request.seed());
    same = request.prompts().negative().map(same::negative).orElse(same);
    same = request.steps().isPresent() ? same.steps(request.steps().getAsInt()) : same;
    return request.guidance().isPresent() ? same.guidance(request.guidance().getAsDouble()) : same;
  }

  /**
   * The number of steps, at least two: image-to-image does only the last part of the steps, and
   * needs at least one.
   */
  static int steps(BaseModel base, ImageRequest request) {
    return Math.max(2, request.steps().orElse(base.defaults().steps()));
  }

  private static int roundToMultiple(double length, int unit) {
    return (int) Math.max(1, Math.round(length / unit)) * unit;
  }

  private static RgbImage resize(RgbImage image, int width, int height) {
    return image.width() == width && image.height() == height
        ? image
        : (width < image.width() ? Resampler.AREA : Resampler.CUBIC).resize(image, width, height);
  }

  /**
   * What applies to whole images only, if the base generates windows or crops of an image: regional
   * adapters are refused, and the control images of adapters are left out.
   */
  static final class WholeImage {
    private WholeImage() {}

    /** Returns the request without the control images of its adapters. */
    static ImageRequest leaveControlsOut(ImageRequest request) {
      List<ControlImage> others = new ArrayList<>(request.controlImages());
      request.adapters().stream()
          .flatMap(adapter -> adapter.components().stream())
          .forEach(one -> others.removeAll(one.controlImages()));
      List<Adapter> left = request.adapters().stream()
          .<Adapter>map(adapter -> ModelAdapter.of(adapter).withoutControls())
          .toList();
      left.stream()
          .flatMap(adapter -> adapter.components().stream())
          .forEach(one -> others.addAll(one.controlImages()));
      return request.controlImages(others).adapters(left);
    }

    /**
     * Refuses regional adapters, such as an image prompt with a mask. Their mask would apply to
     * each window or crop instead of the whole image.
     *
     * @param work the work, for the message
     * @throws IllegalArgumentException if an adapter is regional
     */
    static void require(List<Adapter> adapters, String work) {
      if (adapters.stream().anyMatch(Adapter::isRegional)) {
        throw new IllegalArgumentException(
            work + " needs windows or crops of the image, and an image prompt's mask applies"
                + " to the whole image; use the person without a mask, or generate a new image at"
                + " the base's own size");
      }
    }
  }

  /**
   * Generates the face of a headshot again. The head is inpainted with the person's adapter, at the
   * base's own size or larger, and pasted back. The face is generated, never copied from another
   * image.
   */
  public static final class FaceDetailer {
    // Half-axes of the inpainted ellipse and width of its soft edge, in halves of the face's box.
    private static final double CROP_SCALE = 1.35;
    private static final double FEATHER = 0.3;

    private FaceDetailer() {}

    public static Headshot regenerate(
        BaseModel base,
        Adapter person,
        Upscaler enlarger,
        Headshot headshot,
        Face face,
        double strength,
        Cancellation cancellation) {
      Inpainting.WholeImage.require(List.of(person), "regenerating a face");
      ImageRequest request = headshot.request();
      RgbImage image = headshot.image();
      HeadCrop crop =
          HeadCrop.of(face.box(), HeadCrop.Framing.HEAD, image.width(), image.height(), 1);
      // A head that is larger than the base's size is not reduced.
      int size = Math.max(base.defaults().width(), crop.side());
      RgbImage head =
          Resampler.CUBIC.resize(image, crop.x(), crop.y(), crop.side(), crop.side(), size, size);
      double scale = (double) size / crop.side();
      BoundingBox box = face.box().moved(-crop.x(), -crop.y()).scaled(scale);
      ImageRequest again = HeadshotGenerator.withGuidance(
          sameSettings(request).adapter(ModelAdapter.of(person).withoutControls()), base);
      RgbImage drawn = new Inpainting(base, again, enlarger)
          .inpaint(head, ellipse(box).toImage(size, size), strength, Run.of(cancellation));
      RgbImage small =
          Resampler.AREA.resize(headshot.style().convertColours(drawn), crop.side(), crop.side());
      return new Headshot(
          softEllipse(face.box()).paste(small, crop.x(), crop.y(), image),
          headshot.style(),
          headshot.seed(),
          request,
          headshot.identityStrength(),
          headshot.isEdited());
    }

    /** The ellipse around the face, with a hard edge. */
    private static Mask ellipse(BoundingBox box) {
      return (x, y) -> radius(box, x, y) < CROP_SCALE ? 1 : 0;
    }

    /** The same ellipse, with a soft edge inside. */
    private static Mask softEllipse(BoundingBox box) {
      return (x, y) -> Math.max(0, Math.min(1, (CROP_SCALE - radius(box, x, y)) / FEATHER));
    }

    /** Distance of a pixel from the middle of the face; 1 on the ellipse inscribed in its box. */
    private static double radius(BoundingBox box, int x, int y) {
      return Math.hypot(
          (x + 0.5 - box.center().x()) / (box.width() / 2),
          (y + 0.5 - box.center().y()) / (box.height() / 2));
    }
  }
}
