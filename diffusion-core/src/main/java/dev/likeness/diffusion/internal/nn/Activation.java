package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Activation functions of published configs. */
public enum Activation {
  SILU("silu", "swish"),
  GELU("gelu"),
  GELU_TANH("gelu_new", "gelu_pytorch_tanh"),
  QUICK_GELU("quick_gelu"),
  RELU("relu"),
  MISH("mish");

  private final String[] names;

  Activation(String... names) {
    this.names = names;
  }

  /** Returns the activation that a config's {@code act_fn} or {@code hidden_act} names. */
  public static Activation parse(String name) {
    return Arrays.stream(values())
        .filter(a -> Arrays.asList(a.names).contains(name))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("unknown activation \"" + name + "\"; known: "
                + Arrays.stream(values())
                    .flatMap(a -> Arrays.stream(a.names))
                    .collect(Collectors.joining(", "))));
  }

  /**
   * Returns the activation that an option of a configuration names.
   *
   * @throws InvalidInputException if it is not known
   */
  public static Activation of(ModelConfig config, String option, String usual) {
    String name = config.text(option, usual);
    return Arrays.stream(values())
        .filter(a -> Arrays.asList(a.names).contains(name))
        .findFirst()
        .orElseThrow(() -> config.wrong(
            option,
            name,
            "one of "
                + Arrays.stream(values())
                    .flatMap(a -> Arrays.stream(a.names))
                    .collect(Collectors.joining(", "))));
  }

  /** Applies the function to every element. */
  public Tensor apply(Tensor x) {
    return switch (this) {
      case SILU -> torch.silu(x);
      case GELU -> torch.gelu(x);
      case GELU_TANH -> torch.gelu(x, "tanh");
      case QUICK_GELU -> x.mul(torch.sigmoid(x.mul(new Scalar(1.702))));
      case RELU -> torch.relu(x);
      case MISH -> torch.mish(x);
    };
  }

  /**
   * Like {@link #apply}, but overwrites {@code x} if no gradient needs it. The caller must own the
   * tensor.
   */
  public Tensor applyInPlace(Tensor x) {
    return this == SILU && !x.requires_grad() ? torch.silu_(x) : apply(x);
  }
}
