package dev.likeness.planted.photos;

import org.bytedeco.pytorch.Tensor;

/** A supported type that hands out a tensor. */
public record MentionsTensor(Tensor tensor) {}
