package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The small, fast autoencoder of previews (TAESD), with the names and numbers of diffusers'
 * {@code AutoencoderTiny}. Its encoder is certain of its latents. Immutable and shared by threads.
 */
public final class AutoencoderTiny implements Autoencoder {
  private final AutoencoderTinyConfig config;
  private final List<UnaryOperator<Tensor>> encoder = new ArrayList<>();
  private final List<UnaryOperator<Tensor>> decoder = new ArrayList<>();

  public AutoencoderTiny(AutoencoderTinyConfig config, Weights w) {
    this.config = config;
    buildEncoder(w.at("encoder.layers"));
    buildDecoder(w.at("decoder.layers"));
  }

  private void buildEncoder(Weights w) {
    List<Integer> channels = config.encoderChannels();
    int at = 0;
    for (int i = 0; i < channels.size(); i++) {
      int width = channels.get(i);
      encoder.add(
          (i == 0
                  ? new Conv2d(w.at(at++), config.inChannels(), width, 3)
                  : Conv2d.withoutBias(w.at(at++), width, width, 3, 2, 1))::forward);
      for (int j = 0; j < config.encoderBlocks().get(i); j++) {
        encoder.add(block(w.at(at++), width));
      }
    }
    encoder.add(
        new Conv2d(w.at(at), channels.get(channels.size() - 1), config.latentChannels(), 3)
            ::forward);
  }

  private void buildDecoder(Weights w) {
    List<Integer> channels = config.decoderChannels();
    int last = channels.size() - 1;
    Conv2d in = new Conv2d(w.at(0), config.latentChannels(), channels.get(0), 3);
    decoder.add(x -> config.activation().of(in.forward(x)));
    int at = 2;
    for (int i = 0; i <= last; i++) {
      int width = channels.get(i);
      for (int j = 0; j < config.decoderBlocks().get(i); j++) {
        decoder.add(block(w.at(at++), width));
      }
      if (i < last) {
        int factor = config.upsampling();
        decoder.add(x ->
            torch.upsample_nearest2d(x, new long[] {factor * x.size(2), factor * x.size(3)}));
        decoder.add(Conv2d.withoutBias(w.at(at + 1), width, width, 3, 1, 1)::forward);
        at += 2;
      }
    }
    decoder.add(new Conv2d(w.at(at), channels.get(last), config.outChannels(), 3)::forward);
  }

  /** Three convolutions beside the input, and a rectifier over the sum. */
  private UnaryOperator<Tensor> block(Weights w, int width) {
    Conv2d first = new Conv2d(w.at("conv.0"), width, width, 3);
    Conv2d second = new Conv2d(w.at("conv.2"), width, width, 3);
    Conv2d third = new Conv2d(w.at("conv.4"), width, width, 3);
    Activation act = config.activation();
    return x -> torch.relu(
        third.forward(act.of(second.forward(act.of(first.forward(x))))).add(x));
  }

  @Override
  public int latentChannels() {
    return config.latentChannels();
  }

  @Override
  public int factor() {
    return config.factor();
  }

  @Override
  public Tensor decode(Tensor latents) {
    try (TensorScope call = TensorScope.open()) {
      Tensor x =
          latents.div(new Scalar(config.scale())).div(new Scalar(3.0)).tanh().mul(new Scalar(3.0));
      return call.promote(Encoder.chain(decoder, x).mul(new Scalar(2.0)).sub(new Scalar(1.0)));
    }
  }

  @Override
  public LatentDistribution encode(Tensor pictures) {
    try (TensorScope call = TensorScope.open()) {
      Tensor unit = pictures.add(new Scalar(1.0)).div(new Scalar(2.0));
      return new LatentDistribution(
          call.promote(Encoder.chain(encoder, unit)), null, config.scale(), 0);
    }
  }
}
