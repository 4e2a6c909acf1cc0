package dev.likeness.portrait.training;

import dev.likeness.diffusion.nn.Activation;
import dev.likeness.diffusion.nn.Conv2d;
import dev.likeness.diffusion.nn.Linear;
import dev.likeness.diffusion.nn.ResnetBlock;
import dev.likeness.diffusion.weights.LoadedWeights;
import dev.likeness.diffusion.weights.Safetensors;
import dev.likeness.diffusion.weights.Weights;
import dev.likeness.portrait.people.Attribute;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Reads from latents who and what they show, without decoding them: a small residual network that ends in a grid of 8x8
 * places, each with weights of its own, since heads and shoulders are where they always are. By what it reads, errors that
 * viewers see count more in training than errors that they do not (a perceptual loss: Johnson et al. 2016,
 * arXiv:1603.08155).
 */
final class LatentReader implements AutoCloseable {
  /** Where a work folder has it. */
  static final String STATE = "latent-reader.safetensors";

  /** What the heads read. */
  static final int FEATURES = 192;

  private static final String AVERAGE = "ema";
  private static final int[] CHANNELS = {64, 128, 192};
  private static final int KEPT = 16;
  private static final int GROUPS = 8;
  private static final double NORM_EPS = 1e-5;
  private static final int GRID = Architecture.LATENT >> (CHANNELS.length - 1);

  private final Conv2d in;
  private final List<ResnetBlock> blocks = new ArrayList<>();
  private final List<Conv2d> down = new ArrayList<>();
  private final Conv2d keep;
  private final Linear out;
  private final Linear traits;
  private final Linear words;
  private final LoadedWeights own;

  /** Reads the network; {@code traits} is how many of a person's it tells. Who gave the weights closes them. */
  LatentReader(Weights w, int traits) {
    this(w, traits, null);
  }

  private LatentReader(Weights w, int traits, LoadedWeights own) {
    this.own = own;
    in = new Conv2d(w.at("conv_in"), Architecture.LATENT_CHANNELS, CHANNELS[0], 3);
    for (int i = 0; i < CHANNELS.length; i++) {
      blocks.add(new ResnetBlock(w.at("blocks").at(i), CHANNELS[i], CHANNELS[i], 0, GROUPS, NORM_EPS, Activation.SILU, 1));
      if (i + 1 < CHANNELS.length) {
        down.add(new Conv2d(w.at("down").at(i), CHANNELS[i], CHANNELS[i + 1], 3, 2, 1));
      }
    }
    keep = new Conv2d(w.at("conv_out"), CHANNELS[CHANNELS.length - 1], KEPT, 1);
    out = new Linear(w.at("proj"), (long) KEPT * GRID * GRID, FEATURES);
    this.traits = new Linear(w.at("traits"), FEATURES, traits);
    words = new Linear(w.at("words"), FEATURES, Stream.of(Attribute.values()).mapToInt(a -> a.words().size()).sum());
  }

  /** The slow average of a {@link LatentReaderTraining}'s state. */
  static LatentReader open(Path state) {
    Safetensors file = Safetensors.open(state);
    LoadedWeights weights = new LoadedWeights(file, Working.COMPUTE);
    return new LatentReader(Weights.of(weights).at(AVERAGE), (int) file.shape(AVERAGE + ".traits.weight")[0], weights);
  }

  /** What can be told of latents [n, 8, 32, 32] of unit spread: [n, 192]. */
  Tensor features(Tensor latents) {
    Tensor x = blocks.get(0).forward(in.forward(latents), null);
    for (int i = 0; i < down.size(); i++) {
      x = blocks.get(i + 1).forward(torch.silu(down.get(i).forward(x)), null);
    }
    return torch.silu(out.forward(keep.forward(x).flatten(1, -1)));
  }

  /** The {@link PersonTraits} by {@link #features}: [n, count], f32. */
  Tensor traits(Tensor features) {
    return traits.forward(features).to(ScalarType.Float);
  }

  /** For each attribute a score of each of its words, [n, words], f32, by {@link #features}. */
  Map<Attribute, Tensor> words(Tensor features) {
    Tensor all = words.forward(features).to(ScalarType.Float);
    Map<Attribute, Tensor> scores = new LinkedHashMap<>();
    long first = 0;
    for (Attribute attribute : Attribute.values()) {
      int count = attribute.words().size();
      scores.put(attribute, all.narrow(1, first, count));
      first += count;
    }
    return scores;
  }

  /** Whom and what latents show, f32: the traits, and how likely each word of each attribute is. */
  Tensor all(Tensor latents) {
    Tensor features = features(latents.to(Working.TYPE));
    TensorVector parts = new TensorVector(traits(features));
    words(features).values().forEach(scores -> parts.push_back(scores.softmax(1)));
    return torch.cat(parts, 1);
  }

  @Override
  public void close() {
    if (own != null) {
      own.close();
    }
  }
}
