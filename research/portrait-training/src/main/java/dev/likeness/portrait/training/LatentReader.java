package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.ResnetBlock;
import dev.likeness.diffusion.internal.nn.Weights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Reads from latents who and what they show, without decoding them: two small residual networks,
 * one over all and one over the middle, where eyes and mouths are, two layers a level; both end in
 * a grid of 8x8 places, each with weights of its own, since heads and shoulders are where they
 * always are. By what it reads, errors that viewers see count more in training than errors that
 * they do not (a perceptual loss: Johnson et al. 2016, arXiv:1603.08155).
 */
final class LatentReader implements AutoCloseable {
  /** Where a work folder has it. */
  static final String STATE = "latent-reader.safetensors";

  /** What the heads read. */
  static final int FEATURES = 192;

  private static final String AVERAGE = "ema";
  private static final int[] WHOLE = {64, 128, 192};
  private static final int[] MIDDLE = {96, 160};
  /** Where eyes and mouths are, in headshots and selfies. */
  private static final int HEAD = Architecture.LATENT / 2;

  private static final int HEAD_TOP = 9;
  private static final int HEAD_LEFT = 8;
  private static final int KEPT = 16;
  private static final int GROUPS = 8;
  private static final double NORM_EPS = 1e-5;
  private static final int GRID = 8;

  private final Look whole;
  private final Look middle;
  private final Linear out;
  private final Heads heads;
  private final LoadedWeights own;

  /**
   * Reads the network; {@code traits} is how many of a person's it tells. Who gave the weights
   * closes them.
   */
  LatentReader(Weights w, int traits) {
    this(w, traits, null);
  }

  private LatentReader(Weights w, int traits, LoadedWeights own) {
    this.own = own;
    whole = new Look(WHOLE, 1, w.at("whole"));
    middle = new Look(MIDDLE, 2, w.at("middle"));
    out = new Linear(w.at("proj"), 2L * KEPT * GRID * GRID, FEATURES);
    heads = new Heads(w, FEATURES, traits);
  }

  /** The slow average of a {@link LatentReaderTraining}'s state. */
  static LatentReader open(Path state) {
    Safetensors file = Safetensors.open(state);
    LoadedWeights weights = new LoadedWeights(file, TrainingDevice.COMPUTE);
    try {
      return new LatentReader(
          Weights.of(weights).at(AVERAGE),
          (int) file.shape(AVERAGE + ".traits.weight")[0],
          weights);
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  /** Residual blocks, so many a level, to a few channels of each of 8x8 places. */
  private static final class Look {
    private final Conv2d in;
    private final List<List<ResnetBlock>> levels = new ArrayList<>();
    private final List<Conv2d> down = new ArrayList<>();
    private final Conv2d keep;

    Look(int[] channels, int blocks, Weights w) {
      in = new Conv2d(w.at("conv_in"), Architecture.LATENT_CHANNELS, channels[0], 3);
      for (int i = 0; i < channels.length; i++) {
        int width = channels[i];
        Weights level = w.at("levels").at(i);
        levels.add(IntStream.range(0, blocks)
            .mapToObj(b ->
                new ResnetBlock(level.at(b), width, width, 0, GROUPS, NORM_EPS, Activation.SILU, 1))
            .toList());
        if (i + 1 < channels.length) {
          down.add(new Conv2d(w.at("down").at(i), width, channels[i + 1], 3, 2, 1));
        }
      }
      keep = new Conv2d(w.at("conv_out"), channels[channels.length - 1], KEPT, 1);
    }

    Tensor forward(Tensor latents) {
      Tensor x = in.forward(latents);
      for (int i = 0; i < levels.size(); i++) {
        x = i == 0 ? x : torch.silu(down.get(i - 1).forward(x));
        for (ResnetBlock block : levels.get(i)) {
          x = block.forward(x, null);
        }
      }
      return keep.forward(x).flatten(1, -1);
    }
  }

  /** What can be told of latents [n, 8, 32, 32] of unit spread: [n, 192]. */
  Tensor features(Tensor latents) {
    Tensor head = latents.narrow(2, HEAD_TOP, HEAD).narrow(3, HEAD_LEFT, HEAD);
    return torch.silu(
        out.forward(torch.cat(new TensorVector(whole.forward(latents), middle.forward(head)), 1)));
  }

  /** What tells traits and words by {@link #features}. */
  Heads heads() {
    return heads;
  }

  /** Whom and what latents show, f32: the traits, and how likely each word of each attribute is. */
  Tensor all(Tensor latents) {
    Tensor features = features(latents.to(TrainingDevice.TYPE));
    TensorVector parts = new TensorVector(heads.traits(features));
    heads.words(features).values().forEach(scores -> parts.push_back(scores.softmax(1)));
    return torch.cat(parts, 1);
  }

  @Override
  public void close() {
    if (own != null) {
      own.close();
    }
  }
}
