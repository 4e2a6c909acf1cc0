package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Mask;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import java.util.function.UnaryOperator;

/**
 * The surroundings of a mask that are generated at the request's size and pasted back; diffusers'
 * {@code padding_mask_crop}, {@code get_crop_region} and {@code apply_overlay}.
 *
 * @param x the left edge in pixels of the initial image
 * @param y the upper edge
 */
record MaskCrop(int x, int y, int width, int height) {
  /**
   * Refuses requests without a region to crop.
   *
   * @throws IllegalArgumentException if there is no image with a mask, if the mask is black, or if
   *     another option needs the whole image
   */
  static void require(ImageRequest request) {
    InitialImage initial = request.initialImage().orElseThrow();
    if (initial.image().isEmpty() || !initial.isMasked()) {
      throw new IllegalArgumentException("the padding of a cropped mask (--padding-mask-crop)"
          + " needs an initial image and a mask; give both (--init, --mask)");
    }
    if (request.hires().isPresent() || request.adapters().stream().anyMatch(Adapter::isRegional)) {
      throw new IllegalArgumentException("a cropped mask (--padding-mask-crop) cannot be"
          + " combined with "
          + (request.hires().isPresent() ? "a second pass (--hires)" : "references for regions")
          + "; leave out one of the two");
    }
    of(initial, 1);
  }

  /** The region of a completed request. */
  static MaskCrop of(ImageRequest request) {
    double aspect = (double) request.width().getAsInt() / request.height().getAsInt();
    return of(request.initialImage().orElseThrow(), aspect);
  }

  private static MaskCrop of(InitialImage initial, double aspect) {
    int w = initial.image().orElseThrow().width();
    int h = initial.image().orElseThrow().height();
    RgbImage mask = PillowResampling.LANCZOS.resize(initial.mask().orElseThrow(), w, h);
    int[] box = {w, h, -1, -1};
    for (int i = 0; i < w * h; i++) {
      if (Mask.luma(mask, i % w, i / w) > 0) {
        box[0] = Math.min(box[0], i % w);
        box[1] = Math.min(box[1], i / w);
        box[2] = Math.max(box[2], i % w + 1);
        box[3] = Math.max(box[3], i / w + 1);
      }
    }
    if (box[2] < 0) {
      throw new IllegalArgumentException(
          "the mask is black everywhere, so there is nothing to generate; paint in"
              + " white the part to generate");
    }
    int pad = initial.paddingMaskCrop().getAsInt();
    int left = Math.max(box[0] - pad, 0);
    int top = Math.max(box[1] - pad, 0);
    int right = (int) Math.min((long) box[2] + pad, w);
    int bottom = (int) Math.min((long) box[3] + pad, h);
    boolean isWide = (double) (right - left) / (bottom - top) > aspect;
    int[] across =
        isWide ? new int[] {left, right} : widened(left, right, (bottom - top) * aspect, w);
    int[] down =
        isWide ? widened(top, bottom, (right - left) / aspect, h) : new int[] {top, bottom};
    return new MaskCrop(across[0], down[0], across[1] - across[0], down[1] - down[0]);
  }

  /** The interval, widened on both sides to a length and moved into 0..limit. */
  private static int[] widened(int from, int to, double length, int limit) {
    int more = (int) (length - (to - from));
    int first = from - more / 2;
    int last = to + more - more / 2;
    int over = Math.max(0, last - limit);
    int under = Math.max(0, over - first);
    return new int[] {first - over + under, Math.min(limit, last - over + under)};
  }

  /** The request with its image, mask and control images cropped, if it crops its mask. */
  static ImageRequest apply(ImageRequest request) {
    InitialImage initial = request.initialImage().orElse(null);
    if (initial == null || !initial.isMaskCropped()) {
      return request;
    }
    MaskCrop region = of(request);
    RgbImage whole = initial.image().orElseThrow();
    UnaryOperator<RgbImage> crop = image -> region.enlarged(
        PillowResampling.LANCZOS.resize(image, whole.width(), whole.height()),
        request.width().getAsInt(),
        request.height().getAsInt());
    return request
        .initialImage(InitialImage.of(crop.apply(whole))
            .strength(initial.strength().getAsDouble())
            .mask(crop.apply(initial.mask().orElseThrow())))
        .controlImages(request.controlImages().stream()
            .map(control -> {
              ControlImage cropped = control.image(crop.apply(control.image()));
              return control.mask().map(crop).map(cropped::mask).orElse(cropped);
            })
            .toList());
  }

  /** The region of an image, fitted into a size. Missing edges repeat the outermost pixels. */
  private RgbImage enlarged(RgbImage image, int w, int h) {
    boolean wide = (double) w / h < (double) width / height;
    RgbImage fitted = PillowResampling.LANCZOS.resize(
        image.crop(x, y, width, height),
        wide ? w : Math.max(1, width * h / height),
        wide ? Math.max(1, height * w / width) : h);
    return placed(fitted, w, h);
  }

  /** An image in the middle of a size: cut off, or with its edges extrapolated. */
  private static RgbImage placed(RgbImage image, int w, int h) {
    int left = w / 2 - image.width() / 2;
    int top = h / 2 - image.height() / 2;
    byte[] rgb = new byte[w * h * 3];
    for (int i = 0; i < rgb.length; i++) {
      int fromX = i / 3 % w - left;
      int fromY = i / 3 / w - top;
      int inX = Math.max(0, Math.min(image.width() - 1, fromX));
      int inY = Math.max(0, Math.min(image.height() - 1, fromY));
      int value = image.at(inX, inY, i % 3);
      if (inX != fromX || inY != fromY) {
        // Pillow resizes an empty box at the edge with a bicubic kernel.
        int nextX = inX == fromX ? inX : Math.abs(inX - Math.min(1, image.width() - 1));
        int nextY = inY == fromY ? inY : Math.abs(inY - Math.min(1, image.height() - 1));
        value = Math.floorDiv(9 * value - image.at(nextX, nextY, i % 3) + 4, 8);
      }
      rgb[i] = (byte) Math.max(0, Math.min(255, value));
    }
    return RgbImage.of(w, h, rgb);
  }

  /** The initial image with the generated region. Its mask mixes both if pixels are pasted. */
  RgbImage pasteInto(InitialImage before, RgbImage generated) {
    boolean wide = (double) width / height > (double) generated.width() / generated.height();
    RgbImage part = placed(
        PillowResampling.LANCZOS.resize(
            generated,
            wide ? width : generated.width() * height / generated.height(),
            wide ? generated.height() * width / generated.width() : height),
        width,
        height);
    RgbImage known = before.image().orElseThrow();
    Mask mask = before.pastesUnmasked()
        ? Mask.of(PillowResampling.LANCZOS.resize(
            before.mask().orElseThrow(), known.width(), known.height()))
        : (atX, atY) -> 1;
    return mask.paste(part, x, y, known);
  }
}
