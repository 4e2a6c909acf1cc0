package dev.likeness.diffusion.catalogue;

/**
 * What the configuration of a base tells about the settings that suit it. Bases of one kind, such
 * as all fine-tunes of SDXL, take the settings of the catalogue's first base of this kind.
 *
 * @param family the family as in the catalogue, for example {@code sdxl}
 * @param task {@code text-to-image}, {@code inpainting}, {@code editing}, or another use of the
 *     network's inputs
 * @param prediction {@code epsilon}, {@code v_prediction}, {@code sample} or {@code flow}
 * @param isDistilled true if the base is distilled to few steps
 */
public record BaseKind(String family, String task, String prediction, boolean isDistilled) {
  @Override
  public String toString() {
    return family + ", " + task + ", " + prediction + (isDistilled ? ", distilled" : "");
  }
}
