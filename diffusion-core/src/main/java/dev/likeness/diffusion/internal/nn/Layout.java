package dev.likeness.diffusion.internal.nn;

import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/** How a network's pictures lie in memory. */
public final class Layout {
  private Layout() {}

  /**
   * A picture [batch, channels, h, w] as convolutions read it fastest, its channels lying together;
   * every layer after keeps that, and a pixel's channels are a token's without a copy. Not while
   * learning, which is slower so.
   */
  public static Tensor ofPicture(Tensor x) {
    return GradMode.is_enabled() ? x : x.contiguous(MemoryFormat.ChannelsLast);
  }
}
