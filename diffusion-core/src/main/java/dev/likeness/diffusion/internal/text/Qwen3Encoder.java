package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.nn.BlockList;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.RmsNorm;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The layers of Qwen3 (arXiv:2505.09388) that an image model listens to, with the names and numbers
 * of transformers' {@code Qwen3Model}. What comes after the last of them is not computed. Immutable
 * and shared by threads.
 */
public final class Qwen3Encoder {
  private final Qwen3Config config;
  private final List<Integer> wanted;
  private final Tensor embedding;
  private final BlockList<Qwen3Layer> layers;

  /** @param wanted after how many layers to listen, each time; at most as many as there are */
  public Qwen3Encoder(Qwen3Config config, List<Integer> wanted, Weights w) {
    this.config = config;
    this.wanted = List.copyOf(wanted);
    embedding = w.tensor("model.embed_tokens.weight", config.vocabulary(), config.width());
    layers = BlockList.of(
        w.at("model.layers"), Collections.max(wanted), (layer, i) -> new Qwen3Layer(layer, config));
  }

  /** Asks for every tensor of the whole model, to check that it is one. */
  public static void check(Qwen3Config config, Weights w) {
    new Qwen3Encoder(config, List.of(config.layers()), w);
    new RmsNorm(w.at("model.norm"), config.width(), config.eps());
    if (w.has("lm_head.weight")) {
      Linear.withoutBias(w.at("lm_head"), config.width(), config.vocabulary());
    }
  }

  /**
   * Encodes token ids.
   *
   * @param ids [batch, tokens], int64
   * @param counts [batch, 1], int64: how many of a row's tokens are text; those after them are
   *     looked at by none
   * @return the wanted layers beside one another, [batch, tokens, wanted * width], owned by the
   *     calling scope
   */
  public Tensor forward(Tensor ids, Tensor counts) {
    try (TensorScope call = TensorScope.open()) {
      Tensor x = torch.embedding(embedding, ids);
      Tensor angles = angles(x);
      Tensor cos = angles.cos().to(x.scalar_type());
      Tensor sin = angles.sin().to(x.scalar_type());
      Tensor mask = mask(ids, counts).to(x.scalar_type());
      Map<Integer, Tensor> heard = new HashMap<>();
      try (BlockList.Pass<Qwen3Layer> pass = layers.pass()) {
        for (int done = 1; pass.hasNext(); done++) {
          try (TensorScope scope = TensorScope.open()) {
            Tensor next = pass.next().forward(x, cos, sin, mask);
            x = heard.containsValue(x) ? scope.promote(next) : scope.replace(x, next);
          }
          if (wanted.contains(done)) {
            heard.put(done, x);
          }
        }
      }
      return call.promote(
          torch.cat(new TensorVector(wanted.stream().map(heard::get).toArray(Tensor[]::new)), 2));
    }
  }

  /** [tokens, headWidth], f32: each angle once for either half of a head. */
  private Tensor angles(Tensor like) {
    Tensor exponents = torch
        .arange(new Scalar(0.0), new Scalar((double) config.headWidth()), new Scalar(2.0))
        .to(like.device(), ScalarType.Float)
        .div(new Scalar((double) config.headWidth()));
    Tensor frequencies = torch.pow(new Scalar(config.theta()), exponents).reciprocal();
    Tensor half = torch.outer(
        torch.arange(new Scalar((double) like.size(1))).to(like.device(), ScalarType.Float),
        frequencies);
    return torch.cat(new TensorVector(half, half), 1);
  }

  /**
   * 0 where a token looks, else minus infinity: at itself and those before it, as far as they are
   * text.
   */
  private static Tensor mask(Tensor ids, Tensor counts) {
    Tensor places =
        torch.arange(new Scalar((double) ids.size(1))).to(ids.device(), ScalarType.Long);
    Tensor before = places.unsqueeze(0).le(places.unsqueeze(1)).unsqueeze(0);
    Tensor seen =
        before.logical_and(places.unsqueeze(0).lt(counts).unsqueeze(1)).unsqueeze(1);
    return torch
        .zeros_like(seen)
        .to(ScalarType.Float)
        .masked_fill(seen.logical_not(), new Scalar(Double.NEGATIVE_INFINITY));
  }
}
