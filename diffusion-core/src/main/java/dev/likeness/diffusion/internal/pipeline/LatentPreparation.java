package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.Capabilities.ControlImages;
import dev.likeness.diffusion.internal.family.Capabilities.Editing;
import dev.likeness.diffusion.internal.family.Capabilities.Inpainting;
import dev.likeness.diffusion.internal.family.ControlInput;
import dev.likeness.diffusion.internal.family.LoadedControlNet;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.internal.vae.Autoencoder.LatentDistribution;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.SamplingPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Stage 6: prepares latents for text-to-image, image-to-image and inpainting.
 *
 * <p>Random numbers are generated in diffusers' order: the autoencoder's sample of the image, the
 * noise, the autoencoder's sample of the kept part. Tensors belong to the calling scope.
 *
 * @param references the latents of reference images that are encoded already
 */
record LatentPreparation(
    ImageRequest request,
    OpenModel model,
    ReferenceLatents references,
    Autoencoder autoencoder,
    SamplingPlan plan,
    NoiseSource random) {
  PreparedLatents prepare() {
    // FLUX's ControlNets take a sample of the autoencoder, which is the first in random order.
    List<ControlInput> controls = ControlInput.groupByControlNet(request.controlImages()).stream()
        .map(this::encode)
        .toList();
    return withoutControls().withControls(controls);
  }

  private ControlInput encode(List<ControlImage> controls) {
    ControlImages images = model.capability(ControlImages.class).orElseThrow();
    return images.encode(
        controls,
        plan.size(),
        control -> Tensors.place(model.compute(), controlInput(control, images)));
  }

  private Tensor controlInput(ControlImage control, ControlImages images) {
    RgbImage image = PillowResampling.LANCZOS.resize(
        control.image(), request.width().getAsInt(), request.height().getAsInt());
    return LoadedControlNet.of(control.controlNet()).takesLatents()
        ? sample(encode(ImageTensors.toSigned(image)))
        : images.pixels(control, image);
  }

  private PreparedLatents withoutControls() {
    InitialImage initial = request.initialImage().orElse(null);
    boolean takesMask = model.capability(Inpainting.class).isPresent();
    boolean masked = initial != null && initial.isMasked();
    if (initial == null || model.capability(Editing.class).isPresent() && request.isEdit()) {
      return new PreparedLatents(
          initialNoise().mul(new Scalar(plan.initNoiseSigma())),
          PreparedLatents.Blend.NONE,
          null,
          references(null));
    }
    return takesMask ? maskedModelInpainting() : masked ? blendedInpainting() : imageToImage();
  }

  /** Image-to-image; with a change map, darker places change later. */
  private PreparedLatents imageToImage() {
    Tensor clean = cleanLatents();
    if (request.denoisingStart() > 0) {
      return new PreparedLatents(clean, PreparedLatents.Blend.NONE, null, references(null));
    }
    Tensor noise = initialNoise();
    RgbImage change = request.initialImage().orElseThrow().mask().orElse(null);
    return new PreparedLatents(
        addNoise(clean, noise),
        change == null
            ? PreparedLatents.Blend.NONE
            : new MaskBlend(clean, noise, keepMask(greyMask(change)), true),
        null,
        references(null));
  }

  /**
   * The modes of the latents of all reference images, the initial image first.
   *
   * @param initial latents of the masked initial image, or null
   */
  private List<Tensor> references(Tensor initial) {
    List<Tensor> all = new ArrayList<>();
    if (initial != null) {
      all.add(initial);
    }
    all.addAll(references.of(
        model, request, image -> encode(ImageTensors.toSigned(image)).mode()));
    return all;
  }

  /** Inpainting with a network without mask input. */
  private PreparedLatents blendedInpainting() {
    LatentDistribution encoded =
        request.initialImage().orElseThrow().image().isEmpty() ? null : encode(pixels());
    Tensor clean = encoded == null
        ? toModel(checkedLatents(request.initialImage().orElseThrow().latents().orElseThrow()))
        : sample(encoded);
    Tensor noise = initialNoise();
    if (encoded != null) {
      // Diffusers samples the kept part for every network, which advances the random generator.
      sample(encoded);
    }
    Tensor reference =
        encoded != null && model.capability(Editing.class).isPresent() ? encoded.mode() : null;
    MaskBlend known = new MaskBlend(
        clean,
        noise,
        keepMask(binaryMask(request.initialImage().orElseThrow().mask().orElseThrow())),
        false);
    return new PreparedLatents(initialLatents(clean, noise), known, null, references(reference));
  }

  /** Inpainting with a network that takes the mask and the kept part as input. */
  private PreparedLatents maskedModelInpainting() {
    // FLUX's pipeline encodes the image at every strength, which advances the random generator.
    Inpainting network = model.capability(Inpainting.class).orElseThrow();
    Tensor clean = startsFromPureNoise() && !network.alwaysEncodesImage() ? null : cleanLatents();
    Tensor noise = initialNoise();
    Tensor mask = binaryMask(request.initialImage().orElseThrow().mask().orElseThrow());
    Tensor kept = sample(encode(pixels().mul(mask.lt(new Scalar(0.5)))));
    return new PreparedLatents(
        initialLatents(clean, noise),
        PreparedLatents.Blend.NONE,
        network.conditioning(toModel(mask), kept));
  }

  private boolean startsFromPureNoise() {
    return request.initialImage().orElseThrow().strength().getAsDouble() == 1
        && request.denoisingStart() == 0;
  }

  /**
   * The first sample: noise, or the noised image. Latents of another model have their noise
   * already.
   */
  private Tensor initialLatents(Tensor clean, Tensor noise) {
    return request.denoisingStart() > 0
        ? clean
        : startsFromPureNoise()
            ? noise.mul(new Scalar(plan.initNoiseSigma()))
            : addNoise(clean, noise);
  }

  private Tensor addNoise(Tensor clean, Tensor noise) {
    return clean
        .mul(new Scalar(plan.start().signal()))
        .add(noise, new Scalar(plan.start().noise()));
  }

  private Tensor initialNoise() {
    return toModel(
        request.noise().isEmpty()
            ? random.next(shape())
            : checkedLatents(request.noise().get()));
  }

  private Tensor cleanLatents() {
    Latents latents = request.initialImage().orElseThrow().latents().orElse(null);
    return latents == null ? sample(encode(pixels())) : toModel(checkedLatents(latents));
  }

  private Tensor checkedLatents(Latents latents) {
    if (!Arrays.equals(latents.shape(), shape())) {
      throw new IllegalArgumentException("an image of " + request.width().getAsInt() + "x"
          + request.height().getAsInt()
          + " needs latents of shape " + Arrays.toString(shape()) + ", got " + latents);
    }
    return latents.toTensor().repeat(random.count(), 1, 1, 1);
  }

  /** The latents of pixels [1, 3, height, width], f32. */
  private LatentDistribution encode(Tensor pixels) {
    LatentDistribution latents = autoencoder.encode(pixels);
    return new LatentDistribution(
        latents.mean().to(ScalarType.Float),
        latents.logVariance() == null || model.capability(Editing.class).isPresent()
            ? null
            : latents.logVariance().to(ScalarType.Float),
        latents.scalingFactor(),
        latents.shiftFactor());
  }

  /** One sample of the distribution for each image. */
  private Tensor sample(LatentDistribution latents) {
    return latents.logVariance() == null
        ? latents.mode().repeat(random.count(), 1, 1, 1)
        : latents.sample(toModel(random.next(shape())));
  }

  private Tensor pixels() {
    return ImageTensors.toSigned(PillowResampling.LANCZOS.resize(
        request.initialImage().orElseThrow().image().orElseThrow(),
        request.width().getAsInt(),
        request.height().getAsInt()));
  }

  private Tensor greyMask(RgbImage mask) {
    return ImageTensors.toGrey(PillowResampling.LANCZOS.resize(
        mask, request.width().getAsInt(), request.height().getAsInt()));
  }

  /** The mask thresholded at 0.5, with values 0 and 1. */
  private Tensor binaryMask(RgbImage mask) {
    return greyMask(mask).ge(new Scalar(0.5)).to(ScalarType.Float);
  }

  /** The kept share of each latent pixel, for a mask in pixels. */
  private Tensor keepMask(Tensor mask) {
    long f = autoencoder.vaeScaleFactor();
    long[] size = {mask.size(2) / f, mask.size(3) / f};
    Tensor small = model.latents().smoothMasks()
        ? torch.upsample_bilinear2d(mask, size, false, new DoubleOptional(), new DoubleOptional())
        : ImageTensors.downsampleMask(mask, f);
    return toModel(small.neg().add(new Scalar(1.0)));
  }

  private long[] shape() {
    int factor = autoencoder.vaeScaleFactor();
    return new long[] {
      autoencoder.latentChannels(),
      request.height().getAsInt() / factor,
      request.width().getAsInt() / factor
    };
  }

  private Tensor toModel(Tensor tensor) {
    return tensor.to(new Device(model.compute().device()), ScalarType.Float);
  }

  /**
   * Blends the kept part of the image, at the noise level of the row, into the sample.
   *
   * <p>Inpainting for networks without mask input: blended latent diffusion (Avrahami et al. 2022,
   * arXiv:2206.02779); diffusers' {@code StableDiffusionInpaintPipeline}.
   *
   * @param clean clean latents, [batch or 1, channels, h, w], f32
   * @param noise the initial noise, [batch, channels, h, w], f32
   * @param keep [1, 1, h, w] in 0..1: 1 keeps, 0 generates
   * @param isDifferential true if a value between 0 and 1 is the share of the steps in which the
   *     place is kept (differential diffusion, Levin and Fried 2023, arXiv:2306.00950, algorithm
   *     1); false if it is a mixing factor
   */
  public record MaskBlend(Tensor clean, Tensor noise, Tensor keep, boolean isDifferential)
      implements PreparedLatents.Blend {
    @Override
    public Tensor apply(Tensor sample, SamplingPlan plan, int row) {
      if (isDifferential) {
        return row == plan.size()
            ? sample
            : torch.where(
                keep.gt(new Scalar((double) row / plan.size())),
                noisedTo(plan.keptRegionLevel(row)),
                sample);
      }
      return torch.lerp(
          sample, row == plan.size() ? clean : noisedTo(plan.keptRegionLevel(row)), keep);
    }

    private Tensor noisedTo(NoiseLevel level) {
      return clean.mul(new Scalar(level.alpha())).add(noise, new Scalar(level.sigma()));
    }
  }
}
