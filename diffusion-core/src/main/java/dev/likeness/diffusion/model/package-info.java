/** Base models on disk: what a folder holds, and the networks opened from it. */
package dev.likeness.diffusion.model;
