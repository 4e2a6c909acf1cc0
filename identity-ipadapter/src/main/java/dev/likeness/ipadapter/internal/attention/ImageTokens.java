package dev.likeness.ipadapter.internal.attention;

import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.ipadapter.IpAdapter;
import dev.likeness.ipadapter.internal.file.AdapterLayout;
import dev.likeness.ipadapter.internal.file.IpAdapterVariant;
import dev.likeness.ipadapter.internal.file.IpAdapterVariant.Nothing;
import dev.likeness.ipadapter.internal.file.IpAdapterVariant.Sight;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings.Grid;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Image tokens out of encoded references. */
public record ImageTokens(IpAdapter adapter, double shortcut) {
  /** Refuses embeddings that were made for another kind of adapter or by another encoder. */
  public void require(ReferenceEmbeddings e) {
    AdapterLayout layout = adapter.layout();
    boolean looks = layout.kind().sight() != Sight.NONE;
    boolean image =
        looks == (e.image() != null) && (!looks || e.image().width() == layout.imageWidth());
    boolean kept = looks && layout.kind().nothing() != Nothing.ZEROS;
    boolean nothing =
        kept == (e.nothing() != null) && (!kept || e.nothing().width() == layout.imageWidth());
    boolean one =
        layout.kind().sight() != Sight.POOLED || e.image() == null || e.image().tokens() == 1;
    boolean face = layout.kind().wantsFace() == (e.face() != null)
        && (e.face() == null || e.face().width() == layout.faceWidth());
    if (!(image && nothing && one && face)) {
      throw new IllegalArgumentException(
          "references encoded as image " + e.image() + ", nothing " + e.nothing()
              + ", face " + e.face() + " are not what " + adapter.describe() + " looks at, an "
              + layout.kind().title()
              + " with image width " + layout.imageWidth() + " and face width " + layout.faceWidth()
              + "; encode them with it");
    }
    e.origin().require(adapter.describe(), adapter.origin());
  }

  /** Tokens of all references side by side, [1, n tokens, contextWidth]. */
  public Tensor of(ReferenceEmbeddings e) {
    Tensor tokens =
        projection().forward(new ImageProjection.Sights(placed(e.image()), placed(e.face(), -1)));
    return tokens.reshape(1, -1, adapter.layout().contextWidth());
  }

  /** Tokens that stand for no reference beside {@code e}, [1, tokens, contextWidth]. */
  public Tensor ofNothing(ReferenceEmbeddings e) {
    Grid face = e.face() == null ? null : zeros(e.face());
    Grid image = e.nothing() != null ? e.nothing() : e.image() == null ? null : zeros(e.image());
    return projection().forward(new ImageProjection.Sights(placed(image), placed(face, -1)));
  }

  /**
   * Tokens that change with the time: of all references side by side, or, when hidden, of as many
   * nothings.
   */
  public TimestepAttention.TimedMemory.Tokens timed(ReferenceEmbeddings e, boolean hidden) {
    Tensor seen = placed(e.image());
    AdapterLayout layout = adapter.layout();
    return new TimestepAttention.TimedMemory.Tokens(
        (ImageProjection.TimestepResampler) projection(),
        hidden ? torch.zeros_like(seen) : seen,
        layout.tokens(),
        layout.contextWidth());
  }

  /**
   * Each token's share in the attention, as its logarithm, [1, 1, 1, n tokens]; null when that
   * changes nothing, as where all count the same and there is nothing else to attend to.
   */
  public Tensor bias(ReferenceEmbeddings e, long tokens) {
    boolean besidePicture = adapter.layout().kind() == IpAdapterVariant.TIMED;
    if (besidePicture
        ? e.weights().stream().allMatch(w -> w == 1)
        : e.weights().stream().distinct().count() < 2) {
      return null;
    }
    float[] bias = new float[(int) tokens];
    for (int i = 0; i < bias.length; i++) {
      bias[i] = (float) Math.log(e.weights().get((int) (i * (long) e.count() / tokens)));
    }
    return Tensors.place(adapter.compute(), torch.tensor(bias)).view(1, 1, 1, tokens);
  }

  private ImageProjection projection() {
    return adapter.projection(shortcut);
  }

  private static Grid zeros(Grid like) {
    return new Grid(new float[like.tokens() * like.width()], 1, like.tokens(), like.width());
  }

  private Tensor placed(Grid grid) {
    return grid == null
        ? null
        : Tensors.place(
            adapter.compute(),
            torch.tensor(grid.values()).view(grid.count(), grid.tokens(), grid.width()));
  }

  private Tensor placed(Grid grid, long columns) {
    return grid == null ? null : placed(grid).view(grid.count(), columns);
  }
}
