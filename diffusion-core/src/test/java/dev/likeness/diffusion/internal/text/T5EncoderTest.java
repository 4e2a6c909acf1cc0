package dev.likeness.diffusion.internal.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class T5EncoderTest {
  private static final T5Encoder.T5Config CONFIG =
      new T5Encoder.T5Config(32, 16, 8, 32, 3, 2, true, Activation.GELU_TANH, 1e-6, 8, 16);

  /**
   * Random weights of f16's precision, made at the first asking; what the feed-forward adds is
   * large.
   */
  private record Seeded(Map<String, Tensor> made) implements Parameters {
    @Override
    public boolean has(String name) {
      return true;
    }

    @Override
    public Tensor get(String name, long... shape) {
      return made.computeIfAbsent(
          name,
          key -> torch
              .randn(shape)
              .mul(new Scalar(key.endsWith("wo.weight") ? 5_000 : 1))
              .to(ScalarType.Half)
              .to(ScalarType.Float));
    }
  }

  /** The same in f16. */
  private record Halves(Seeded seeded) implements Parameters {
    @Override
    public boolean has(String name) {
      return true;
    }

    @Override
    public Tensor get(String name, long... shape) {
      return seeded.get(name, shape).to(ScalarType.Half);
    }
  }

  @Test
  void holdsInF16WhatGoesBeyondItsRange() {
    try (TensorScope scope = TensorScope.open()) {
      torch.manual_seed(3);
      Seeded seeded = new Seeded(new HashMap<>());
      Tensor ids = torch.tensor(new long[] {3, 7, 9, 1}).view(1, 4);
      Tensor exact = new T5Encoder(CONFIG, Weights.of(seeded)).forward(ids);
      Tensor half = new T5Encoder(CONFIG, Weights.of(new Halves(seeded))).forward(ids);
      assertEquals(ScalarType.Half, half.scalar_type().intern());
      // f16 has eleven bits; attention's exponentials and three layers multiply what they lose.
      double off = half.to(ScalarType.Float).sub(exact).norm().item_float()
          / exact.norm().item_float();
      assertTrue(off < 0.02, "off by " + off);
    }
  }
}
