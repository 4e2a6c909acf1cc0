package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.image.Lanczos;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.ControlImages;
import dev.likeness.diffusion.internal.family.ControlInput;
import dev.likeness.diffusion.internal.family.Inpainting;
import dev.likeness.diffusion.internal.family.LoadedControlNet;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.internal.vae.LatentDistribution;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.SamplingPlan;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Stage 5: prepared latents of a completed request: text-to-image, image-to-image, inpainting.
 * Random numbers are drawn in diffusers' order: the autoencoder's sample of the picture, the noise,
 * the autoencoder's sample of the kept part. Tensors belong to the calling scope.
 */
public record LatentPreparation(
    ImageRequest request,
    PipelineModel model,
    Autoencoder autoencoder,
    SamplingPlan plan,
    NoiseSource random) {
  PreparedLatents prepared() {
    // FLUX's ControlNets look at a sample of the autoencoder's, drawn before all else.
    List<ControlInput> controls =
        ControlInput.byNetwork(request.controls()).stream().map(this::encoded).toList();
    return bare().with(controls);
  }

  private ControlInput encoded(List<ControlImage> controls) {
    LoadedControlNet.of(controls.get(0).net()).require(model.model().compute());
    ControlImages images = model.controlImages();
    return images.encode(
        controls,
        plan.size(),
        control -> Tensors.place(model.model().compute(), seen(control, images)));
  }

  private Tensor seen(ControlImage control, ControlImages images) {
    RgbImage picture = Lanczos.resize(control.picture(), request.width(), request.height());
    return LoadedControlNet.of(control.net()).takesLatents()
        ? drawn(encoded(ImageTensors.toSigned(picture)))
        : images.pixels(control, picture);
  }

  private PreparedLatents bare() {
    InitialImage initial = request.initial();
    boolean showsMask = model.inpainting().isPresent();
    boolean masked = initial != null && initial.masked();
    if (showsMask && !(masked && initial.picture() != null)) {
      throw new IllegalArgumentException(
          "this base is made for inpainting: give it a picture and a mask of black and white");
    }
    if (model.editing().isPresent() && request.isEdit()) {
      return new PreparedLatents(
          noise().mul(new Scalar(plan.pureNoise())),
          PreparedLatents.Blend.NONE,
          null,
          reference(),
          List.of());
    }
    if (initial == null) {
      return new PreparedLatents(
          noise().mul(new Scalar(plan.pureNoise())), PreparedLatents.Blend.NONE, null);
    }
    return showsMask ? showing() : masked ? keeping() : over();
  }

  /** Image-to-image; with a map of changes, places are let go by degrees. */
  private PreparedLatents over() {
    Tensor clean = clean();
    if (request.from() > 0) {
      return new PreparedLatents(clean, PreparedLatents.Blend.NONE, null);
    }
    Tensor noise = noise();
    RgbImage change = request.initial().mask();
    return new PreparedLatents(
        noised(clean, noise),
        change == null
            ? PreparedLatents.Blend.NONE
            : new KnownPart(clean, noise, kept(grey(change)), true),
        null);
  }

  /** The likeliest latents of the picture as it is shown. */
  private Tensor reference() {
    InitialImage initial = request.initial();
    return encoded(ImageTensors.toSigned(
            model.editing().orElseThrow().reference(initial.picture(), initial.ownSize())))
        .mode();
  }

  /** Inpainting with a network that knows nothing of masks. */
  private PreparedLatents keeping() {
    LatentDistribution encoded = request.initial().picture() == null ? null : encoded(pixels());
    Tensor clean = encoded == null ? here(given(request.initial().latents())) : drawn(encoded);
    Tensor noise = noise();
    if (encoded != null) {
      // diffusers samples the kept part for every network, and the random numbers go on from there.
      drawn(encoded);
    }
    Tensor reference = encoded != null && model.editing().isPresent() ? encoded.mode() : null;
    KnownPart known = new KnownPart(clean, noise, kept(cut(request.initial().mask())), false);
    return new PreparedLatents(begun(clean, noise), known, null, reference, List.of());
  }

  /** Inpainting with a network that is shown the mask and the kept part. */
  private PreparedLatents showing() {
    // FLUX's pipeline encodes the picture whatever the strength, and the random numbers go on from
    // there.
    Inpainting network = model.inpainting().orElseThrow();
    Tensor clean = wholly() && !network.alwaysEncodes() ? null : clean();
    Tensor noise = noise();
    Tensor mask = cut(request.initial().mask());
    Tensor seen = drawn(encoded(pixels().mul(mask.lt(new Scalar(0.5)))));
    return new PreparedLatents(
        begun(clean, noise), PreparedLatents.Blend.NONE, network.conditioning(here(mask), seen));
  }

  private boolean wholly() {
    return request.initial().strength() == 1 && request.from() == 0;
  }

  /**
   * The noise, or over it what there is; latents that another model has walked part of the way are
   * noisy already.
   */
  private Tensor begun(Tensor clean, Tensor noise) {
    return request.from() > 0
        ? clean
        : wholly() ? noise.mul(new Scalar(plan.pureNoise())) : noised(clean, noise);
  }

  private Tensor noised(Tensor clean, Tensor noise) {
    return clean
        .mul(new Scalar(plan.start().signal()))
        .add(noise, new Scalar(plan.start().noise()));
  }

  private Tensor noise() {
    return here(request.noise() == null ? random.next(shape()) : given(request.noise()));
  }

  private Tensor clean() {
    Latents latents = request.initial().latents();
    return latents == null ? drawn(encoded(pixels())) : here(given(latents));
  }

  private Tensor given(Latents latents) {
    if (!Arrays.equals(latents.shape(), shape())) {
      throw new IllegalArgumentException(latents + " given, but a picture of " + request.width()
          + "x" + request.height() + " has " + Arrays.toString(shape()));
    }
    return latents.tensor().repeat(random.count(), 1, 1, 1);
  }

  /** The latents of pixels [1, 3, height, width], f32. */
  private LatentDistribution encoded(Tensor pixels) {
    LatentDistribution latents = autoencoder.encode(pixels);
    return new LatentDistribution(
        latents.mean().to(ScalarType.Float),
        latents.logVariance() == null || model.editing().isPresent()
            ? null
            : latents.logVariance().to(ScalarType.Float),
        latents.scale(),
        latents.shift());
  }

  /** A sample for each image. */
  private Tensor drawn(LatentDistribution latents) {
    return latents.logVariance() == null
        ? latents.mode().repeat(random.count(), 1, 1, 1)
        : latents.draw(here(random.next(shape())));
  }

  private Tensor pixels() {
    return ImageTensors.toSigned(
        Lanczos.resize(request.initial().picture(), request.width(), request.height()));
  }

  private Tensor grey(RgbImage mask) {
    return ImageTensors.toGrey(Lanczos.resize(mask, request.width(), request.height()));
  }

  /** 0 and 1, cut at the middle. */
  private Tensor cut(RgbImage mask) {
    return grey(mask).ge(new Scalar(0.5)).to(ScalarType.Float);
  }

  /** How much of each latent is kept, of a mask in pixels. */
  private Tensor kept(Tensor mask) {
    long f = autoencoder.factor();
    long[] size = {mask.size(2) / f, mask.size(3) / f};
    Tensor small = model.model().latents().smoothMasks()
        ? torch.upsample_bilinear2d(mask, size, false, new DoubleOptional(), new DoubleOptional())
        : corners(mask, f);
    return here(small.neg().add(new Scalar(1.0)));
  }

  /**
   * A mask [1, 1, height, width] at the latents' size: the pixel in the upper left corner of each.
   */
  public static Tensor corners(Tensor mask, long factor) {
    return mask.view(
            new long[] {1, 1, mask.size(2) / factor, factor, mask.size(3) / factor, factor})
        .select(5, 0)
        .select(3, 0);
  }

  private long[] shape() {
    int factor = autoencoder.factor();
    return new long[] {
      autoencoder.latentChannels(), request.height() / factor, request.width() / factor
    };
  }

  private Tensor here(Tensor tensor) {
    return tensor.to(new Device(model.model().compute().device()), ScalarType.Float);
  }

  /**
   * Latents that are known in a part of the picture, held at the run's noise level; elsewhere the
   * run draws. What four-channel models inpaint by (blended latent diffusion, Avrahami et al. 2022,
   * arXiv:2206.02779; diffusers' {@code StableDiffusionInpaintPipeline}).
   *
   * @param known clean latents, [batch or 1, channels, h, w], f32
   * @param noise the unit noise that the run began with, [batch, channels, h, w], f32
   * @param keep [1, 1, h, w] in 0..1: 1 keeps, 0 draws
   * @param byDegrees whether a shade between says how late its place is let go (differential
   *     diffusion, Levin and Fried 2023, arXiv:2306.00950, algorithm 1) rather than how much of
   *     both is mixed
   */
  public record KnownPart(Tensor known, Tensor noise, Tensor keep, boolean byDegrees)
      implements PreparedLatents.Blend {
    @Override
    public Tensor into(Tensor sample, SamplingPlan plan, int row) {
      if (byDegrees) {
        return row == plan.size()
            ? sample
            : torch.where(
                keep.gt(new Scalar((double) row / plan.size())), at(plan.held(row)), sample);
      }
      return torch.lerp(sample, row == plan.size() ? known : at(plan.held(row)), keep);
    }

    private Tensor at(NoiseLevel level) {
      return known.mul(new Scalar(level.alpha())).add(noise, new Scalar(level.sigma()));
    }
  }
}
