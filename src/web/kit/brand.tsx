/** Three keys, two of them turned: the mark of a 2-of-3 vault. Decorative beside the name. */
export function Brand() {
  return (
    <span className="brand">
      <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
        <path
          d="M16 8.5 8 22.5h16z"
          fill="none"
          stroke="currentColor"
          strokeWidth="2.4"
          strokeLinejoin="round"
          opacity="0.35"
        />
        <circle cx="16" cy="8.5" r="4.6" className="brand-key" />
        <circle cx="8" cy="22.5" r="4.6" className="brand-key" />
        <circle cx="24" cy="22.5" r="3.6" className="brand-key-open" />
      </svg>
      <span className="brand-name">Trilock</span>
    </span>
  );
}
