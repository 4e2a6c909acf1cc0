package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.family.stablediffusion.UNet2DConditionModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.ClipPromptEncoder;
import dev.likeness.diffusion.internal.training.DiffusionObjective;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * How well captions fit pictures in a base model's eyes; the same noise for every caption, so that
 * they compare.
 */
final class CaptionFit implements AutoCloseable {
  /** As many as are shown at once, and the noises unless said. */
  static final int PICTURES = 16;

  private static final double EARLIEST = 0.25;
  private static final double LATEST = 0.8;

  private final TensorRegion region = new TensorRegion();
  private final StableDiffusionNetworks model;
  private final DiffusionObjective objective;
  private final UNet2DConditionModel unet;
  private final ClipPromptEncoder encoder;
  private final int[] timesteps;
  private final Tensor noised;
  private final Tensor target;

  CaptionFit(BaseModel base, List<RgbImage> pictures) {
    this(base, pictures, PICTURES);
  }

  /** With so many noises: noise i is on picture i modulo their count. */
  CaptionFit(BaseModel base, List<RgbImage> pictures, int noises) {
    timesteps = new int[noises];
    model = base.networks();
    objective = DiffusionObjective.of(model.scheduler(), 0, false);
    unet = model.unet(Adaptation.NONE);
    encoder = new ClipPromptEncoder(
        model.tokenizer(), model.textEncoder(Adaptation.NONE), model.compute());
    int length = objective.schedule().length();
    for (int i = 0; i < noises; i++) {
      timesteps[i] = (int) (length * (EARLIEST + (LATEST - EARLIEST) * i / (noises - 1)));
    }
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        NoiseSource random = NoiseSource.seeded(0, noises)) {
      Tensor clean = latents(pictures);
      Tensor noise = random.next(clean.size(1), clean.size(2), clean.size(3));
      noised = region.keep(model.compute().place(objective.noised(clean, noise, timesteps)));
      target = region.keep(objective.target(clean, noise, timesteps));
    }
  }

  /**
   * The mean squared errors of the network's answers under {@code caption}, one a noise; less fits
   * better.
   */
  double[] errors(String caption) {
    return errors(
        IntStream.range(0, timesteps.length).toArray(),
        Collections.nCopies(timesteps.length, caption));
  }

  /** The mean squared errors of some noises, each under a caption of its own. */
  double[] errors(int[] noises, List<String> captions) {
    return Arrays.stream(maps(noises, captions)).mapToDouble(CaptionFit::mean).toArray();
  }

  /** For some noises, each under a caption of its own, the squared error of each place, by rows. */
  float[][] maps(int[] noises, List<String> captions) {
    List<String> texts = captions.stream().distinct().toList();
    float[][] maps = new float[captions.size()][];
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor tokens = encoder.encode(texts).tokens();
      for (int from = 0; from < maps.length; from += PICTURES) {
        int count = Math.min(PICTURES, maps.length - from);
        long[] which = captions.subList(from, from + count).stream()
            .mapToLong(texts::indexOf)
            .toArray();
        int[] some = Arrays.copyOfRange(noises, from, from + count);
        Tensor rows = torch.tensor(Arrays.stream(some).asLongStream().toArray());
        Tensor answer = answers(some, rows, tokens.index_select(0, onDevice(torch.tensor(which))));
        Tensor squares =
            answer.sub(target.index_select(0, rows)).square().mean(1).flatten(1, -1);
        for (int i = 0; i < count; i++) {
          maps[from + i] = ImageTensors.floats(squares.select(0, i));
        }
      }
      return maps;
    }
  }

  private Tensor answers(int[] noises, Tensor rows, Tensor tokens) {
    float[] times = new float[noises.length];
    for (int i = 0; i < noises.length; i++) {
      times[i] = timesteps[noises[i]];
    }
    Tensor time = onDevice(torch.tensor(times));
    Tensor input = noised.index_select(0, onDevice(rows));
    return unet.forward(input, time, UNetConditioning.text(tokens)).cpu().to(ScalarType.Float);
  }

  private Tensor onDevice(Tensor tensor) {
    return tensor.to(new Device(model.compute().device()), tensor.scalar_type());
  }

  private static double mean(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  private Tensor latents(List<RgbImage> pictures) {
    List<Tensor> encoded = pictures.stream()
        .limit(timesteps.length)
        .map(picture -> {
          Tensor pixels = model.compute().place(ImageTensors.toSigned(picture));
          return model.autoencoder().encode(pixels).mode().cpu().to(ScalarType.Float);
        })
        .toList();
    TensorVector all = new TensorVector();
    for (int i = 0; i < timesteps.length; i++) {
      all.push_back(encoded.get(i % pictures.size()));
    }
    return torch.cat(all, 0);
  }

  @Override
  public void close() {
    region.close();
  }
}
