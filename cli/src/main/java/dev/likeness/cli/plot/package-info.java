/** Plots of trainings and likeness reports, made with XChart. */
package dev.likeness.cli.plot;
