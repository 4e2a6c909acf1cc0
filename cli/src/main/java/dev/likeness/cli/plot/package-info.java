/** Plots by XChart: how a training goes, and what a likeness report found. */
package dev.likeness.cli.plot;
