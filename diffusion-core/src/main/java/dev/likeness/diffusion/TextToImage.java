package dev.likeness.diffusion;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Adapter;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.progress.ProgressEvent;
import dev.likeness.diffusion.sampling.Guidance;
import dev.likeness.diffusion.sampling.NoisePredictor;
import dev.likeness.diffusion.sampling.Sampler;
import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.NoiseSource;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.text.PromptEncoder;
import dev.likeness.diffusion.unet.UNet2DConditionModel;
import dev.likeness.diffusion.unet.UNetConditioning;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Prompt to pictures: encode, plan, draw noise, sample, decode. */
record TextToImage(StableDiffusion model, Defaults defaults) {
  /** Pictures drawn in one pass of the network; more only cost memory. */
  private static final int BATCH = 4;

  List<GeneratedImage> draw(ImageRequest asked, Progress progress, Cancellation cancellation) {
    ImageRequest request = completed(asked);
    List<GeneratedImage> images = new ArrayList<>();
    for (int first = 0; first < request.count(); first += BATCH) {
      int count = Math.min(BATCH, request.count() - first);
      images.addAll(batch(request, request.seed() + first, count, progress, cancellation));
    }
    return images;
  }

  private List<GeneratedImage> batch(ImageRequest request, long seed, int count, Progress progress, Cancellation stop) {
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard();
        NoiseSource noise = NoiseSource.seeded(seed, count)) {
      NoisePredictor network = network(request, count);
      SamplingPlan plan = scheduler(request).plan(request.steps());
      progress.on(new ProgressEvent.Phase("sample", plan.size()));
      Tensor start = noise.next(latentShape(request)).mul(new Scalar(plan.pureNoise()));
      Tensor latents = Sampler.sample(start.to(device(), torch.ScalarType.Float), plan, network, noise, (step, of, x) -> {
        progress.on(new ProgressEvent.Step("sample", step.index() + 1, of, Double.NaN));
        stop.check();
      });
      progress.on(new ProgressEvent.Phase("decode", count));
      return decode(latents, request, seed);
    }
  }

  private NoisePredictor network(ImageRequest request, int count) {
    boolean guided = request.guidance() > 1;
    List<String> prompts = new ArrayList<>();
    if (guided) {
      prompts.addAll(Collections.nCopies(count, request.negative()));
    }
    prompts.addAll(Collections.nCopies(count, request.prompt()));
    PromptEncoder encoder = new PromptEncoder(
        model.tokenizer(), model.textEncoder(adaptation(request, Part.TEXT_ENCODER)), model.compute());
    UNetConditioning text = UNetConditioning.text(encoder.encode(prompts).tokens());
    UNet2DConditionModel unet = model.unet(adaptation(request, Part.UNET));
    NoisePredictor plain = (input, step) -> unet.forward(model.compute().place(input),
        torch.tensor(new float[] {(float) step.timestep()}).to(device(), torch.ScalarType.Float), text)
        .to(torch.ScalarType.Float);
    return guided ? new Guidance(plain, request.guidance()) : plain;
  }

  private List<GeneratedImage> decode(Tensor latents, ImageRequest request, long seed) {
    List<GeneratedImage> images = new ArrayList<>();
    for (long i = 0; i < latents.size(0); i++) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor one = latents.narrow(0, i, 1);
        Tensor unit = Images.toUnit(model.autoencoder().decode(model.compute().place(one)));
        Picture picture = Images.toPicture(unit);
        images.add(new GeneratedImage(picture, seed + i, request, Images.floats(one), Images.floats(unit)));
      }
    }
    return images;
  }

  private Adaptation adaptation(ImageRequest request, Part part) {
    Adaptation sum = Adaptation.NONE;
    for (Adapter adapter : request.adapters()) {
      sum = sum.and(adapter.adapt(part, model.compute()));
    }
    return sum;
  }

  private SchedulerConfig scheduler(ImageRequest request) {
    return request.scheduler() == null ? model.scheduler() : model.scheduler().with(request.scheduler());
  }

  private long[] latentShape(ImageRequest request) {
    int factor = model.autoencoder().factor();
    return new long[] {model.unetConfig().inChannels(), request.height() / factor, request.width() / factor};
  }

  private org.bytedeco.pytorch.Device device() {
    return new org.bytedeco.pytorch.Device(model.compute().device());
  }

  private ImageRequest completed(ImageRequest r) {
    int factor = model.autoencoder().factor();
    int width = r.width() == 0 ? defaults.width() : r.width();
    int height = r.height() == 0 ? defaults.height() : r.height();
    if (width % 8 != 0 || height % 8 != 0 || width % factor != 0 || height % factor != 0) {
      throw new IllegalArgumentException(
          "size " + width + "x" + height + " is not a multiple of " + Math.max(8, factor) + "; choose one that is");
    }
    return r.size(width, height).steps(r.steps() == 0 ? defaults.steps() : r.steps())
        .guidance(Double.isNaN(r.guidance()) ? defaults.guidance() : r.guidance());
  }
}
