package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.image.Mask;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.HiresFix;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.tensor.Latents;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Stage 10: the request of the second pass over an enlarged image, which runs through all stages.
 */
record HiresPass(OpenModel model) {
  /** The request for the second pass of an image, with the mask or change map of the first pass. */
  ImageRequest secondPassRequest(LatentCodec.Result first) {
    ImageRequest request = first.request();
    HiresFix fix = request.hires().orElseThrow();
    int unit = model.latents().sizeMultiple();
    int width = (int) Math.round(request.width().getAsInt() * fix.scale() / unit) * unit;
    int height = (int) Math.round(request.height().getAsInt() * fix.scale() / unit) * unit;
    InitialImage enlarged = fix.pixels()
        ? InitialImage.of(first.image())
        : InitialImage.of(first
            .latents()
            .resize(
                height * first.latents().height() / request.height().getAsInt(),
                width * first.latents().width() / request.width().getAsInt()));
    InitialImage before = request.initialImage().orElse(null);
    if (before != null && before.mask().isPresent()) {
      InitialImage whole = before.image().isEmpty()
          ? enlarged
          : composite(enlarged, before, fix.pixels(), width, height);
      enlarged = before.isDifferential()
          ? whole.changeMap(before.mask().get())
          : whole.mask(before.mask().get());
    }
    ImageRequest counted =
        fix.steps().isEmpty() ? request : request.steps(fix.steps().getAsInt());
    return counted
        .withoutHires()
        .withoutNoise()
        .seed(first.seed())
        .count(1)
        .size(width, height)
        .denoisingRange(0, 1)
        .initialImage(enlarged.strength(fix.strength()));
  }

  /** The enlarged image where the mask is white, the initial image around it. */
  private InitialImage composite(
      InitialImage generated, InitialImage before, boolean pixels, int width, int height) {
    RgbImage known = PillowResampling.LANCZOS.resize(before.image().orElseThrow(), width, height);
    RgbImage white = PillowResampling.LANCZOS.resize(before.mask().orElseThrow(), width, height);
    int least = before.isDifferential() ? 1 : 128;
    Mask mask = (x, y) -> Mask.luma(white, x, y) >= least ? 1 : 0;
    if (pixels) {
      return InitialImage.of(mask.paste(
          PillowResampling.LANCZOS.resize(generated.image().orElseThrow(), width, height), known));
    }
    try (TensorScope scope = TensorScope.open()) {
      Tensor grey = ImageTensors.toGrey(white);
      Tensor corners = ImageTensors.downsampleMask(
          grey.ge(new Scalar(least / 255f)), model.autoencoder().vaeScaleFactor());
      return InitialImage.of(Latents.of(torch.where(
          corners,
          generated.latents().orElseThrow().toTensor(),
          LatentCodec.of(model).encode(known).toTensor())));
    }
  }
}
