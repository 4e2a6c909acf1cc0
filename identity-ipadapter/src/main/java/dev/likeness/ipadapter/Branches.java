package dev.likeness.ipadapter;

import dev.likeness.diffusion.internal.adapter.AttentionBranch;
import dev.likeness.diffusion.internal.adapter.Drawing;
import dev.likeness.ipadapter.ImagePrompt.Settings;
import dev.likeness.ipadapter.internal.attention.AttentionMask;
import dev.likeness.ipadapter.internal.attention.ImageTokens;
import dev.likeness.ipadapter.internal.attention.TimedMemory;
import dev.likeness.ipadapter.internal.attention.TokenBranch;
import dev.likeness.ipadapter.internal.attention.TokenBranch.Kept;
import dev.likeness.ipadapter.internal.attention.TokenBranch.Memory;
import dev.likeness.ipadapter.internal.file.IpAdapterVariant;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Makes the branches of a request's image prompt; what they hold belongs to the calling scope. */
final class Branches {
  /** What one half of the batch is shown, as attention {@code t} has it at a weight. */
  private interface Shown {
    Memory at(int t, double scale);
  }

  private final IpAdapter adapter;
  private final ImageTokens maker;

  Branches(IpAdapter adapter, Settings settings) {
    this.adapter = adapter;
    maker = new ImageTokens(adapter, settings.shortcut());
  }

  /** A branch for each module that the prompt is added at, by its name. */
  Map<String, AttentionBranch> of(
      ReferenceEmbeddings references, Settings settings, double weight, Drawing drawing) {
    Shown shown = shown(references, false);
    Shown nothing = !drawing.guided()
        ? null
        : settings.negative() == null ? shown(references, true) : shown(settings.negative(), false);
    AttentionMask mask =
        settings.mask() == null ? null : new AttentionMask(settings.mask(), drawing);
    Map<String, AttentionBranch> branches = new HashMap<>();
    for (int t = 0; t < adapter.base().paths().size(); t++) {
      double scale = weight * settings.blocks().of(adapter.base(), t);
      if (scale != 0) {
        branches.put(
            adapter.base().module(adapter.layout().kind(), t),
            new TokenBranch(
                nothing == null ? null : nothing.at(t, scale),
                shown.at(t, scale),
                mask != null && adapter.base().overText(t)
                    ? mask.behindText(tokens(drawing))
                    : mask));
      }
    }
    return branches;
  }

  /** Tokens of a picture in a transformer, each a square of two by two latent pixels. */
  private static long tokens(Drawing drawing) {
    return (long) drawing.width()
        / drawing.factor()
        / 2
        * (drawing.height() / drawing.factor() / 2);
  }

  /** @param hidden whether these references are not to be seen */
  private Shown shown(ReferenceEmbeddings references, boolean hidden) {
    if (adapter.layout().kind() == IpAdapterVariant.TIMED) {
      TimedMemory.Tokens tokens = maker.timed(references, hidden);
      Tensor bias =
          maker.bias(references, (long) references.count() * adapter.layout().tokens());
      return (t, scale) -> new TimedMemory(tokens, adapter.timed(t), scale, bias);
    }
    Tensor tokens = hidden ? maker.ofNothing(references) : maker.of(references);
    Tensor bias = hidden ? null : maker.bias(references, tokens.size(1));
    return (t, scale) -> {
      Tensor values = adapter.values(tokens, t);
      return new Kept(
          adapter.keys(tokens, t), scale == 1 ? values : values.mul(new Scalar(scale)), bias);
    };
  }
}
