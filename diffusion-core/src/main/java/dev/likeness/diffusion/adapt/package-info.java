/**
 * The joints that adapters plug into: {@link dev.likeness.diffusion.adapt.SidePath} beside a layer,
 * {@link dev.likeness.diffusion.adapt.AttentionBranch} beside an attention, both found through an
 * {@link dev.likeness.diffusion.adapt.Adaptation}.
 */
package dev.likeness.diffusion.adapt;
