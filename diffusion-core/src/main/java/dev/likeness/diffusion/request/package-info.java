/** How long work reports and is stopped. */
package dev.likeness.diffusion.request;
