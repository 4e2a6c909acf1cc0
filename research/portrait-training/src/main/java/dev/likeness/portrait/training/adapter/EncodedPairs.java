package dev.likeness.portrait.training.adapter;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.training.ShuffledOrder;
import dev.likeness.diffusion.internal.vae.Autoencoder.LatentDistribution;
import dev.likeness.ipadapter.internal.method.ReferenceEncoder;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings.Grid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Pairs as the networks know them, encoded once: latents, references, captions. Owned by a region.
 */
final class EncodedPairs {
  private final StableDiffusionNetworks model;
  private final TensorRegion region;
  private final List<LatentDistribution> latents = new ArrayList<>();
  private final List<ReferenceEmbeddings> references = new ArrayList<>();
  private final List<String> captions = new ArrayList<>();
  private final List<float[]> focus = new ArrayList<>();
  private final Map<String, Text> texts = new LinkedHashMap<>();
  private int targetHash = 1;
  private int width;
  private int height;

  private record Text(Tensor tokens, Tensor pooled) {}

  EncodedPairs(StableDiffusionNetworks model, TensorRegion region) {
    this.model = model;
    this.region = region;
  }

  void add(TrainingPair pair, ReferenceEncoder eye) {
    requireSize(pair.target());
    targetHash = 31 * targetHash + pair.target().hashCode();
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      LatentDistribution d = model
          .autoencoder()
          .encode(Tensors.place(model.compute(), ImageTensors.toSigned(pair.target())));
      latents.add(new LatentDistribution(
          keep(d.mean()),
          d.logVariance() == null ? null : keep(d.logVariance()),
          d.scalingFactor(),
          d.shiftFactor()));
      references.add(eye.encode(List.of(pair.reference())));
      captions.add(pair.caption());
      focus.add(focus(pair));
      encode(pair.caption());
      encode("");
    }
  }

  int count() {
    return latents.size();
  }

  /** [channels, h, w] of one target's latents. */
  long[] shape() {
    Tensor mean = latents.get(0).mean();
    return new long[] {mean.size(1), mean.size(2), mean.size(3)};
  }

  /** Latents of a draw's targets; {@code noise} is standard normal and of their shape. */
  Tensor latents(PairSample draw, Tensor noise) {
    TensorVector rows = new TensorVector();
    for (int i = 0; i < draw.pairs().length; i++) {
      rows.push_back(latents.get(draw.pairs()[i]).sample(noise.narrow(0, i, 1)));
    }
    return torch.cat(rows, 0);
  }

  private float[] focus(TrainingPair pair) {
    long places = shape()[1] * shape()[2];
    if (pair.focus() != null && pair.focus().length != places) {
      throw new IllegalArgumentException("a focus of " + pair.focus().length
          + " places; latents of a " + pair.target() + " have " + shape()[1] + "x" + shape()[2]);
    }
    return pair.focus() == null ? null : pair.focus().clone();
  }

  /**
   * What each place of a draw's targets counts, [batch, 1, h, w]; null when no pair has a focus.
   */
  Tensor focus(PairSample draw) {
    if (focus.stream().allMatch(Objects::isNull)) {
      return null;
    }
    TensorVector rows = new TensorVector();
    for (int pair : draw.pairs()) {
      float[] places = focus.get(pair);
      rows.push_back((places == null ? torch.ones(shape()[1] * shape()[2]) : torch.tensor(places))
          .view(1, 1, shape()[1], shape()[2]));
    }
    return torch.cat(rows, 0);
  }

  /** What the UNet is told of a draw's targets. */
  UNetConditioning textConditioning(PairSample draw) {
    TensorVector tokens = new TensorVector();
    TensorVector pooled = new TensorVector();
    for (int i = 0; i < draw.pairs().length; i++) {
      Text text = texts.get(draw.dropsText()[i] ? "" : captions.get(draw.pairs()[i]));
      tokens.push_back(text.tokens);
      pooled.push_back(text.pooled);
    }
    if (model.sizeIds() == 0) {
      return UNetConditioning.text(torch.cat(tokens, 0));
    }
    Tensor sizes = torch.tensor((float) height, (float) width, 0, 0, (float) height, (float) width);
    return new UNetConditioning(
        torch.cat(tokens, 0),
        torch.cat(pooled, 0),
        sizes
            .unsqueeze(0)
            .expand(draw.pairs().length, 6)
            .to(tokens.get(0).device(), ScalarType.Float));
  }

  /** What the adapter is shown of a draw's references. */
  ImageProjection.ProjectionInputs projectionInputs(PairSample draw) {
    ReferenceEmbeddings one = references.get(0);
    return new ImageProjection.ProjectionInputs(
        one.image().isEmpty() ? null : Tensors.place(model.compute(), rows(draw, true)),
        one.face().isEmpty()
            ? null
            : Tensors.place(model.compute(), rows(draw, false)).squeeze(1));
  }

  private Tensor rows(PairSample draw, boolean image) {
    TensorVector rows = new TensorVector();
    for (int i = 0; i < draw.pairs().length; i++) {
      ReferenceEmbeddings reference = references.get(draw.pairs()[i]);
      Grid shown = (image ? reference.image() : reference.face()).orElseThrow();
      Grid nothing = image ? reference.unconditional().orElse(null) : null;
      Grid seen = draw.dropsImage()[i] && nothing != null ? nothing : shown;
      Tensor row = torch.tensor(seen.values()).view(seen.count(), seen.tokens(), seen.width());
      rows.push_back(draw.dropsImage()[i] && nothing == null ? torch.zeros_like(row) : row);
    }
    return torch.cat(rows, 0);
  }

  /** Tells these pairs from others: a hash of targets, references, captions and what counts. */
  String digest() {
    return width + "x" + height + " " + Integer.toHexString(references.hashCode()) + " "
        + Integer.toHexString(captions.hashCode()) + " " + Integer.toHexString(targetHash) + " "
        + Integer.toHexString(Arrays.deepHashCode(focus.toArray()));
  }

  private void encode(String caption) {
    if (texts.containsKey(caption)) {
      return;
    }
    TensorVector tokens = new TensorVector();
    Tensor pooled = null;
    for (LoadedClip textEncoder : model.clipTextEncoders()) {
      TextEncoding encoding = textEncoder
          .promptEncoder(Adaptation.NONE)
          .encode(List.of(caption), textEncoder.skippedLayers());
      tokens.push_back(encoding.tokens());
      pooled = encoding.pooled();
    }
    texts.put(caption, new Text(region.keep(torch.cat(tokens, -1)), region.keep(pooled.clone())));
  }

  private Tensor keep(Tensor tensor) {
    return region.keep(tensor.cpu().to(ScalarType.Float).contiguous());
  }

  private void requireSize(RgbImage target) {
    int factor = model.autoencoder().vaeScaleFactor();
    if (latents.isEmpty()) {
      width = target.width();
      height = target.height();
    }
    if (target.width() != width
        || target.height() != height
        || width % factor != 0
        || height % factor != 0) {
      throw new IllegalArgumentException("a " + target + " beside one of " + width + "x" + height
          + ": all targets must have one size, with sides that are multiples of " + factor);
    }
  }

  /**
   * What chance decides in one step, from the seed and the step's number alone: a resumed run draws
   * what an unbroken one draws. One entry for each pair of the batch.
   *
   * @param pairs indices; every pair is seen once before one is seen again
   * @param timesteps one from each equally likely part of the schedule, which steadies the loss
   * @param seeds of the noise
   * @param dropsImage whether the reference is hidden
   * @param dropsText whether the caption is hidden
   */
  record PairSample(
      int[] pairs, int[] timesteps, long[] seeds, boolean[] dropsImage, boolean[] dropsText) {
    private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

    static PairSample of(AdapterTraining settings, int step, int count, int length) {
      int batch = settings.batchSize();
      SplittableRandom random = new SplittableRandom(settings.seed() * GOLDEN_RATIO + step);
      PairSample draw = new PairSample(
          new int[batch], new int[batch], new long[batch], new boolean[batch], new boolean[batch]);
      for (int i = 0; i < batch; i++) {
        draw.pairs[i] = pairIndex(settings.seed(), (long) step * batch + i, count);
        double way = (i + random.nextDouble()) / batch;
        double shift = settings.timestepShift();
        draw.timesteps[i] = (int) (shift * way / (1 + (shift - 1) * way) * length);
        // libtorch seeds its generator with 32 bits.
        draw.seeds[i] = random.nextInt() & 0xFFFFFFFFL;
        double hidden = random.nextDouble() / Math.max(settings.dropRate(), Double.MIN_NORMAL);
        draw.dropsImage[i] = hidden < 1 || 2 <= hidden && hidden < 3;
        draw.dropsText[i] = 1 <= hidden && hidden < 3;
      }
      return draw;
    }

    private static int pairIndex(long seed, long seen, int count) {
      SplittableRandom random = new SplittableRandom(~seed * GOLDEN_RATIO + seen / count);
      return ShuffledOrder.of(random, count)[(int) (seen % count)];
    }
  }
}
